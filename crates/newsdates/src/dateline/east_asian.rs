//! Datelines of East Asia, which stand in brackets or between an agency and its verb: 新华社北京1月17日电,
//! 【ロンドン共同】, (서울=연합뉴스), شىنخۇا ئاگېنتلىقى بېيجىڭ 1-ئۆكتەبىر تېلېگراممىسى.

use super::letters::{is_blank, is_dash, is_number};
use crate::reading::{Context, Dateline, Reading};
use crate::rules::Trace;
use crate::stamp;

/// What opens a dateline without brackets.
const OPENERS: [&str; 22] = [
    "新华社",
    "新華社",
    "中新社",
    "中新网",
    "中新網",
    "中央社",
    "人民网",
    "人民網",
    "本报",
    "本報",
    "央视",
    "共同社",
    "法新社",
    "路透",
    "中評社",
    "中通社",
    "据新华社",
    "美联社",
    "美聯社",
    "塔斯社",
    "韩联社",
    "德新社",
];

/// Names that sign what stands in brackets.
const SIGNERS: [&str; 22] = [
    "记者",
    "記者",
    "通讯员",
    "통신",
    "뉴스1",
    "뉴시스",
    "연합뉴스",
    "로이터",
    "共同",
    "時事",
    "ロイター",
    "ブルームバーグ",
    "新華社",
    "新华社",
    "中央社",
    "法新社",
    "AFP",
    "AP",
    "CNN",
    "ＡＦＰ",
    "ＡＰ",
    "ＵＰＩ",
];

/// What a telegram ends in: 電話 and 会社 are no agencies.
const TELEGRAMS: [char; 4] = ['电', '電', '讯', '訊'];

/// Longest, in characters.
const LONGEST: usize = 40;

/// The dateline that opens a text, which starts at a byte of its paragraph.
pub(super) fn read(text: &str, start: usize, context: &Context<'_>) -> Option<Dateline> {
    let first = text.chars().next()?;
    let close = match first {
        '【' => '】',
        '(' => ')',
        '[' => ']',
        '〔' => '〕',
        '（' => '）',
        '［' => '］',
        _ => return opened(text, start, context),
    };
    let inside_end = text.char_indices().take(LONGEST).find(|(_, c)| *c == close).map(|(i, _)| i)?;
    let inside = text.get(first.len_utf8()..inside_end)?;
    if !inside.contains(is_east_asian) {
        return None;
    }
    let joined = inside.contains(['=', '＝']);
    let parted = || inside.contains([' ', '\u{3000}', '　']) || inside.chars().nth(3).is_some();
    let signed = || inside.ends_with(TELEGRAMS) || SIGNERS.iter().any(|signer| inside.contains(signer));
    if !(joined || parted() && signed()) {
        return None;
    }
    let date = numbered(inside, context).map(|r| r.shifted(start + first.len_utf8()));
    Some(Dateline { span: start..start + inside_end + close.len_utf8(), date })
}

/// 新华社北京1月17日电（记者王明）, 路透北京3月5日 -
fn opened(text: &str, start: usize, context: &Context<'_>) -> Option<Dateline> {
    if !OPENERS.iter().any(|opener| text.starts_with(opener)) {
        return None;
    }
    let mut signs = text.char_indices().take(LONGEST).take_while(|(_, c)| !matches!(c, '，' | '。' | '：'));
    let (at, c) = signs.find(|(at, c)| *at > 6 && (TELEGRAMS.contains(c) || is_dash(*c)))?;
    let head = text.get(..at)?.trim_end_matches(is_blank);
    let mut end = if is_dash(c) { head.len() } else { at + c.len_utf8() };
    let rest = text.get(end..)?;
    let reporter = rest.trim_start();
    if reporter.starts_with(['(', '（'])
        && let Some(close) = reporter.char_indices().take(LONGEST).find(|(_, c)| matches!(c, ')' | '）'))
    {
        end += rest.len() - reporter.len() + close.0 + close.1.len_utf8();
    }
    let date = numbered(head, context).map(|r| r.shifted(start));
    // 本报讯 names neither a place nor a day.
    head.contains(is_number).then_some(Dateline { span: start..start + end, date })
}

/// What Xinhua writes in Uyghur: the agency, a place, a day, "telegram".
pub(super) fn uyghur(text: &str, start: usize, context: &Context<'_>) -> Option<Dateline> {
    const AGENCY: &str = "شىنخۇا ئاگېنتلىقى";
    const TELEGRAM: &str = "تېلېگراممىسى";
    const NEAR: usize = 160;
    let rest = text.strip_prefix(AGENCY)?;
    let near = rest.get(..rest.floor_char_boundary(NEAR))?;
    let at = near.find(TELEGRAM)?;
    let head = near.get(..at)?;
    let date = numbered(head.trim_end(), context).map(|r| r.shifted(start + AGENCY.len()));
    Some(Dateline { span: start..start + AGENCY.len() + at + TELEGRAM.len(), date })
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

/// The day from the first number on, if it names its month: 10日 is one of any.
fn numbered(text: &str, context: &Context<'_>) -> Option<Reading> {
    let digit = text.find(is_number)?;
    let rest = text.get(digit..)?;
    let end = rest.find(['日', '일']).map_or(rest.len(), |at| at + '日'.len_utf8());
    let read = |end: usize| {
        let text = rest.get(..end)?.trim_end_matches(is_blank);
        stamp::read(text, context, Trace::OFF).ok()?.dates.into_iter().next()
    };
    read(end).map(|reading| reading.shifted(digit))
}
