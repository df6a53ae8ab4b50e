//! Agencies: is a name, as it is written in a dateline, that of a news agency?

use super::places::{Flags, of_folded};
use crate::fold;
use crate::lexicon::{LEXICON, Meaning};

/// Is it one, with its domain or a branch of it at most?
pub(super) fn is_agency(text: &str) -> bool {
    const LONGEST_NAME: usize = 80;
    let text = text.trim_end_matches('.');
    if text.is_empty() || text.len() > LONGEST_NAME {
        return false;
    }
    // "interfax.ru", "RIA.com".
    let bare =
        text.rsplit_once('.').filter(|(_, end)| (2..=4).contains(&end.len()) && end.is_ascii()).map(|(name, _)| name);
    let known = |text: &str| {
        let means = |entry| LEXICON.senses(entry).iter().any(|s| s.meaning == Meaning::Agency);
        let is_one = |name: &str| of_folded(name).has(Flags::AGENCY) || LEXICON.exact(name.bytes()).is_some_and(means);
        fold::with_folded(text, is_one)
    };
    // "INTERFAX-UKRAINE", "ИНТЕРФАКС-ЗАПАД": a branch of one.
    const SHORTEST: usize = 6;
    let branch = || text.split_once('-').is_some_and(|(name, _)| name.len() >= SHORTEST && known(name));
    known(text) || bare.is_some_and(known) || branch()
}
