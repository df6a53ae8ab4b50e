//! A raw article: what a payload says, decoded, and nothing judged yet.

use std::borrow::Cow;

use super::cloudevents::Envelope;
use crate::record::{ExtraMember, ExtraValue};
use crate::text::json::Fields;

/// A payload, decoded.
#[derive(Debug, Default)]
pub struct RawArticle<'a> {
    /// The body; lines not yet split. In plain text this is the whole payload, headline and all.
    pub body: Cow<'a, str>,
    /// The identifier, where the input has one.
    pub uri: Option<Cow<'a, str>>,
    /// Where the article was published.
    pub url: Option<Cow<'a, str>>,
    /// Who published it: a name or a host.
    pub source: Option<Cow<'a, str>>,
    /// BCP 47 tag, as it came.
    pub language: Option<Cow<'a, str>>,
    /// ninjs `versioncreated`.
    pub version_created: Option<Cow<'a, str>>,
    /// ninjs `firstcreated`.
    pub first_created: Option<Cow<'a, str>>,
    /// ninjs `embargoed` or `embargoedUntil`.
    pub embargoed_until: Option<Cow<'a, str>>,
    /// The headline, where a field holds it.
    pub headline: Option<Cow<'a, str>>,
    /// The date fields that hold text, in order of preference.
    pub published: Vec<PublishedField<'a>>,
    /// When the article was fetched, as written.
    pub fetched: Option<Cow<'a, str>>,
    /// What the record carries along untouched.
    pub extra: Extra<'a>,
}

/// A date field of the input.
#[derive(Debug)]
pub struct PublishedField<'a> {
    /// The field's name.
    pub name: &'static str,
    /// What it holds.
    pub text: Cow<'a, str>,
    /// Index in [`Extra`], where it stays if it does not parse.
    pub(super) index: usize,
}

/// Unknown and unused fields, as they were written.
#[derive(Debug, Default)]
pub struct Extra<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) envelope: Option<Envelope<'a>>,
    /// What stood around the article, as JSON.
    pub(super) container: Option<String>,
}

impl<'a> Extra<'a> {
    /// A date field was read: the record's `dates[]` holds its text.
    pub fn mark_read(&mut self, field: &PublishedField<'_>) {
        if let Some(field) = self.fields.list.get_mut(field.index) {
            field.used = true;
        }
    }

    /// All that is left, in order: fields, the event around the article, the container around that.
    pub fn members(&self) -> Vec<ExtraMember<'_>> {
        let left = self.fields.list.iter().filter(|field| !field.used);
        let left = left.map(|field| ExtraMember { name: &field.name, value: ExtraValue::Raw(field.value) });
        let event = self
            .envelope
            .iter()
            .map(|envelope| ExtraMember { name: "cloudevent", value: ExtraValue::Object(&envelope.attributes) });
        let container =
            self.container.iter().map(|json| ExtraMember { name: "container", value: ExtraValue::Raw(json) });
        left.chain(event).chain(container).collect()
    }
}

/// An article with what was around it.
#[derive(Debug, Default)]
pub(super) struct Decoded<'a> {
    pub(super) article: RawArticle<'a>,
    pub(super) event: Option<Envelope<'a>>,
    /// See [`super::container`].
    pub(super) container: Option<String>,
}
