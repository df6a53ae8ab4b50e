//! The table of rules: each rule is asked about its own two examples, and each stands in the source where it is asked.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails, helpers included")]

use newsdates::{Explanation, Phase, RULES, Rule, RuleId, Verdict, explain, parse, read_line};
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// The first rule that rejects a line.
fn rejecting(explanation: &Explanation) -> Option<RuleId> {
    explanation.rules.iter().copied().find(|id| id.rule().verdict == Verdict::Rejects)
}

fn failure(rule: &Rule, what: &str, text: &str) -> String {
    let found = explain(text, &rule.around.context()).rules;
    format!("{}: {what}: {text:?}, rules: {found:?}", rule.id.as_str())
}

/// `RULE=QuotedTitle cargo test -p newsdates --test rules` asks that rule alone.
#[test]
fn each_rule_applies_to_its_example_and_leaves_its_counterexample() {
    let only = std::env::var("RULE").ok();
    let chosen = |rule: &&Rule| only.as_deref().is_none_or(|only| only == rule.id.as_str());
    let mut wrong = Vec::new();
    let mut asked = 0;
    for rule in RULES.iter().filter(chosen) {
        asked += 1;
        let context = rule.around.context();
        let (example, counterexample) = (explain(rule.example, &context), explain(rule.counterexample, &context));
        if counterexample.rules.contains(&rule.id) {
            wrong.push(failure(rule, "applies to its counterexample", rule.counterexample));
        }
        match rule.verdict {
            Verdict::Accepts if !example.rules.contains(&rule.id) => {
                wrong.push(failure(rule, "does not accept its example", rule.example));
            }
            Verdict::Rejects => {
                if rejecting(&example) != Some(rule.id) {
                    wrong.push(failure(rule, "is not what rejects its example", rule.example));
                }
                if read_line(rule.example, &context).is_some() {
                    wrong.push(failure(rule, "does not keep its example from being read", rule.example));
                }
                if read_line(rule.counterexample, &context).is_none() {
                    wrong.push(failure(rule, "its counterexample is no date stamp", rule.counterexample));
                }
            }
            Verdict::Accepts => {}
        }
    }
    assert!(asked > 0, "there is no rule {}", only.unwrap_or_default());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A line that a context-free rule rejects is rejected by the parse, and a line that a contextual one rejects is not.
#[test]
fn context_free_rules_are_asked_by_the_parse() {
    let mut wrong = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.verdict == Verdict::Rejects) {
        let parsed = parse(rule.example);
        if rule.phase == Phase::ContextFree && parsed.is_some() {
            wrong.push(failure(rule, "is asked after the parse", rule.example));
        }
        if parsed.and_then(|parsed| parsed.read(&rule.around.context())).is_some() {
            wrong.push(failure(rule, "does not keep its parsed example from being read", rule.example));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_table_is_whole() {
    let mut seen = HashSet::new();
    for (place, rule) in RULES.iter().enumerate() {
        assert_eq!(rule.id as usize, place, "{:?} stands elsewhere", rule.id);
        assert_eq!(rule.id.rule().id, rule.id);
        assert!(seen.insert(rule.says), "{:?} says what another rule says", rule.id);
        assert!(rule.says.ends_with('.') && rule.says.split(' ').count() > 3, "{:?} has no sentence", rule.id);
        assert!(rule.example != rule.counterexample && !rule.example.is_empty(), "{:?} has no examples", rule.id);
    }
}

/// A rule that nothing in the source names is dead.
#[test]
fn each_rule_is_asked_somewhere() {
    let mut source = String::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            source.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    let named = |id: RuleId| {
        let name = format!("RuleId::{}", id.as_str());
        source
            .match_indices(&name)
            .any(|(at, _)| !source[at + name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let dead: Vec<RuleId> = RULES.iter().map(|rule| rule.id).filter(|id| !named(*id)).collect();
    assert!(dead.is_empty(), "asked nowhere: {dead:?}");
}
