//! Datelines of East Asia, which stand in brackets or between an agency and its verb: 新华社北京1月17日电,
//! 【ロンドン共同】, (서울=연합뉴스), شىنخۇا ئاگېنتلىقى بېيجىڭ 1-ئۆكتەبىر تېلېگراممىسى.

use super::letters::{is_blank, is_dash, is_number};
use crate::lexicon::{List, ends_with, has_char, occurs_in, prefix};
use crate::reading::{Context, Dateline, Reading};
use crate::rules::Trace;
use crate::stamp;

/// Longest, in characters.
const LONGEST: usize = 40;

/// The dateline that opens a text, which starts at a byte of its paragraph.
pub(super) fn read(text: &str, offset: usize, context: &Context<'_>) -> Option<Dateline> {
    let first = text.chars().next()?;
    let close = match first {
        '【' => '】',
        '(' => ')',
        '[' => ']',
        '〔' => '〕',
        '（' => '）',
        '［' => '］',
        _ => return opened(text, offset, context),
    };
    let inside_end = text.char_indices().take(LONGEST).find(|(_, c)| *c == close).map(|(i, _)| i)?;
    let inside = text.get(first.len_utf8()..inside_end)?;
    if !inside.contains(is_east_asian) {
        return None;
    }
    let joined = inside.contains(['=', '＝']);
    let parted = || inside.contains([' ', '\u{3000}', '　']) || inside.chars().nth(3).is_some();
    let signed = || ends_with(List::TelegramEnd, inside) || occurs_in(List::TelegramSigner, inside);
    if !(joined || parted() && signed()) {
        return None;
    }
    let date = numbered(inside, context).map(|r| r.shifted(offset + first.len_utf8()));
    Some(Dateline { span: offset..offset + inside_end + close.len_utf8(), date })
}

/// 新华社北京1月17日电（记者王明）, 路透北京3月5日 -
fn opened(text: &str, offset: usize, context: &Context<'_>) -> Option<Dateline> {
    prefix(List::TelegramStart, text)?;
    let mut signs = text.char_indices().take(LONGEST).take_while(|(_, c)| !matches!(c, '，' | '。' | '：'));
    let (at, c) = signs.find(|(at, c)| *at > 6 && (has_char(List::TelegramEnd, *c) || is_dash(*c)))?;
    let head = text.get(..at)?.trim_end_matches(is_blank);
    let mut end = if is_dash(c) { head.len() } else { at + c.len_utf8() };
    let rest = text.get(end..)?;
    let reporter = rest.trim_start();
    if reporter.starts_with(['(', '（'])
        && let Some(close) = reporter.char_indices().take(LONGEST).find(|(_, c)| matches!(c, ')' | '）'))
    {
        end += rest.len() - reporter.len() + close.0 + close.1.len_utf8();
    }
    let date = numbered(head, context).map(|r| r.shifted(offset));
    // 本报讯 names neither a place nor a day.
    head.contains(is_number).then_some(Dateline { span: offset..offset + end, date })
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
