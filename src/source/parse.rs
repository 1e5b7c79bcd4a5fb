//! Text to [`Node`]: YAML 1.2 with duplicate keys, alias bombs and bottomless nesting refused.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use saphyr_parser::{
    Event, Marker, Parser, ScalarStyle, ScanError, Span as EventSpan, StrInput, Tag,
};

use super::node::{Entry, Kind, Node, Scalar};
use crate::diag::{Diagnostics, Rule, SourceId, Span};

/// Deeper than any blueprint, shallower than any stack.
const DEPTH_LIMIT: usize = 64;

/// How many nodes all aliases of one file may stand for together.
const ALIAS_BUDGET: u64 = 1_000_000;

/// The text is not YAML.
pub static SYNTAX: Rule = Rule::error(
    "yaml/syntax",
    "the text is not YAML",
    "A file that cannot be read says nothing. YAML 1.2.2 is the grammar; tabs may not indent.",
    "teams: {payments: [",
);

/// A key stands twice in one mapping.
pub static DUPLICATE_KEY: Rule = Rule::error(
    "yaml/duplicate-key",
    "a key stands twice in one mapping",
    "YAML 1.2.2 (3.2.1.1) wants unique keys; most readers silently keep the last one, so half of what was \
     meant disappears without a word.",
    "teams:\n  payments: {}\n  payments: {}",
);

/// Nesting deeper than 64 levels.
pub static TOO_DEEP: Rule = Rule::error(
    "yaml/too-deep",
    "the nesting is deeper than 64 levels",
    "No blueprint needs it; a generated or hostile file must not exhaust the stack.",
    "x: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
);

/// Aliases that stand for more than a million nodes.
pub static ALIAS_BOMB: Rule = Rule::error(
    "yaml/alias-bomb",
    "the aliases of the file stand for more than a million values",
    "Ten lines of aliases of aliases can stand for billions of values; such a file is an accident or an attack.",
    "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]  # and so on",
);

/// A tag that means nothing here, a second document, or a key that is not text.
pub static UNSUPPORTED: Rule = Rule::error(
    "yaml/unsupported",
    "the file uses a part of YAML that a blueprint has no use for",
    "Tags, several documents in one file and keys that are not plain text would be read differently by \
     different tools.",
    "teams: !custom {}",
);

/// Reads one file; `None` when it cannot be read or is empty, which is then reported.
pub fn parse(source: SourceId, text: &str, diags: &mut Diagnostics) -> Option<Arc<Node>> {
    let mut builder = Builder::new(source, text);
    let mut parser = Parser::new_from_str(text).keep_tags(false);
    let result = builder.document(&mut parser);
    diags.append(builder.diags);
    result.ok().flatten()
}

type Entries = IndexMap<Arc<str>, Entry>;

/// Whatever stopped the reading has been reported.
struct Stopped;

type Events<'a> = Parser<'a, StrInput<'a>>;

struct Anchor {
    node: Arc<Node>,
    weight: u64,
}

struct Builder {
    source: SourceId,
    /// Byte offset of each character, for texts that are not ASCII.
    offsets: Option<Vec<u32>>,
    length: u32,
    anchors: BTreeMap<usize, Anchor>,
    /// Nodes that aliases have stood for so far.
    expanded: u64,
    diags: Diagnostics,
}

impl Builder {
    fn new(source: SourceId, text: &str) -> Self {
        let offsets =
            (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at as u32).collect());
        Self {
            source,
            offsets,
            length: text.len() as u32,
            anchors: BTreeMap::new(),
            expanded: 0,
            diags: Diagnostics::new(),
        }
    }

    fn byte(&self, marker: Marker) -> u32 {
        match &self.offsets {
            Some(offsets) => offsets.get(marker.index()).copied().unwrap_or(self.length),
            None => (marker.index() as u32).min(self.length),
        }
    }

    fn span(&self, span: EventSpan) -> Span {
        let start = self.byte(span.start);
        Span { source: self.source, start, end: self.byte(span.end).max(start) }
    }

    fn syntax(&mut self, error: &ScanError) -> Stopped {
        let at = self.byte(*error.marker());
        let span = Span { source: self.source, start: at, end: (at + 1).min(self.length).max(at) };
        if error.info().contains("recursion limit") {
            // The scanner looks ahead for the end of a key, so it meets bottomless brackets before `node` does.
            return self.too_deep(span);
        }
        let report = self.diags.report(&SYNTAX, span, error.info().to_owned());
        if error.info().contains("tab") {
            report.help("indent with spaces");
        }
        Stopped
    }

    fn too_deep(&mut self, at: Span) -> Stopped {
        self.diags
            .report(&TOO_DEEP, at, format!("more than {DEPTH_LIMIT} levels of nesting"))
            .help("a blueprint is about five levels deep");
        Stopped
    }

    fn next<'a>(&mut self, events: &mut Events<'a>) -> Result<(Event<'a>, EventSpan), Stopped> {
        match events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, EventSpan::default())),
        }
    }

    fn document(&mut self, events: &mut Events<'_>) -> Result<Option<Arc<Node>>, Stopped> {
        let mut root = None;
        loop {
            let (event, span) = self.next(events)?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(_) if root.is_some() => {
                    let at = self.span(span);
                    self.diags
                        .report(&UNSUPPORTED, at, "a second document begins here")
                        .help("write it into a file of its own; a folder of files is joined");
                    return Err(Stopped);
                }
                Event::Nothing
                | Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                event => root = Some(self.node(event, span, events, 0)?.0),
            }
        }
    }

    /// Builds the node that begins with `event`; the number is how many nodes it stands for.
    fn node(
        &mut self,
        event: Event<'_>,
        span: EventSpan,
        events: &mut Events<'_>,
        depth: usize,
    ) -> Result<(Arc<Node>, u64), Stopped> {
        if depth > DEPTH_LIMIT {
            let at = self.span(span);
            return Err(self.too_deep(at));
        }
        let start = self.span(span);
        let (kind, anchor, weight, end) = match event {
            Event::Alias(id) => return self.alias(id, start),
            Event::Scalar(text, style, anchor, tag) => {
                let plain =
                    style == ScalarStyle::Plain && !self.forced_text(tag.as_deref(), &start);
                let text: Box<str> = match text {
                    Cow::Borrowed(text) => text.into(),
                    Cow::Owned(text) => text.into(),
                };
                (Kind::Scalar(Scalar { text, plain }), anchor, 1, start.end)
            }
            Event::SequenceStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), &start);
                let (items, weight, end) = self.sequence(events, depth, start.start)?;
                (Kind::Seq(items), anchor, weight, end)
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_deref(), &start);
                let (entries, weight, end) = self.mapping(events, depth, start.start)?;
                (Kind::Map(entries), anchor, weight, end)
            }
            _ => (Kind::Scalar(Scalar { text: "".into(), plain: true }), 0, 1, start.end),
        };
        let node = Arc::new(Node { kind, span: Span { end: end.max(start.start), ..start } });
        if anchor > 0 {
            self.anchors.insert(anchor, Anchor { node: Arc::clone(&node), weight });
        }
        Ok((node, weight))
    }

    fn alias(&mut self, id: usize, at: Span) -> Result<(Arc<Node>, u64), Stopped> {
        let Some(anchor) = self.anchors.get(&id) else {
            self.diags.report(&SYNTAX, at, "an alias inside the value it stands for");
            return Err(Stopped);
        };
        let (node, weight) = (Arc::clone(&anchor.node), anchor.weight);
        self.expanded = self.expanded.saturating_add(weight);
        if self.expanded > ALIAS_BUDGET {
            self.diags
                .report(
                    &ALIAS_BOMB,
                    at,
                    format!("the aliases stand for more than {ALIAS_BUDGET} values"),
                )
                .help("write the values out, or use a folder of files");
            return Err(Stopped);
        }
        Ok((node, weight))
    }

    fn sequence(
        &mut self,
        events: &mut Events<'_>,
        depth: usize,
        start: u32,
    ) -> Result<(Vec<Arc<Node>>, u64, u32), Stopped> {
        let (mut items, mut weight, mut last) = (Vec::new(), 1_u64, start);
        loop {
            let (event, span) = self.next(events)?;
            if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                return Ok((items, weight, self.end(span, last)));
            }
            let (item, size) = self.node(event, span, events, depth + 1)?;
            last = item.span.end;
            weight = weight.saturating_add(size);
            items.push(item);
        }
    }

    fn mapping(
        &mut self,
        events: &mut Events<'_>,
        depth: usize,
        start: u32,
    ) -> Result<(Entries, u64, u32), Stopped> {
        let mut entries: Entries = IndexMap::new();
        let mut merges: Vec<Arc<Node>> = Vec::new();
        let (mut weight, mut last) = (1_u64, start);
        loop {
            let (event, span) = self.next(events)?;
            if matches!(event, Event::MappingEnd | Event::StreamEnd) {
                let end = self.end(span, last);
                for merge in merges {
                    self.merge(&mut entries, &merge);
                }
                return Ok((entries, weight, end));
            }
            let (key, _) = self.node(event, span, events, depth + 1)?;
            let (event, span) = self.next(events)?;
            let (value, size) = self.node(event, span, events, depth + 1)?;
            last = value.span.end.max(key.span.end);
            weight = weight.saturating_add(size).saturating_add(1);
            let Kind::Scalar(name) = &key.kind else {
                self.diags
                    .report(&UNSUPPORTED, key.span.clone(), "a key that is not text")
                    .help("keys are names; is a quote or a space missing before this?");
                continue;
            };
            if name.plain && &*name.text == "<<" {
                merges.push(value);
            } else if let Some(first) = entries.get(&*name.text) {
                let first = first.key_span.clone();
                self.diags
                    .report(
                        &DUPLICATE_KEY,
                        key.span.clone(),
                        format!("`{}` stands twice in this mapping", name.text),
                    )
                    .related(first, "first here")
                    .help("keep one of them");
            } else {
                let entry = Entry { key_span: key.span.clone(), value };
                entries.insert(name.text.as_ref().into(), entry);
            }
        }
    }

    /// `<<`: what the mapping itself does not say. Places stay those of the anchor, so a typo there is found there.
    fn merge(&mut self, entries: &mut Entries, from: &Arc<Node>) {
        match &from.kind {
            Kind::Map(more) => {
                for (key, entry) in more {
                    entries.entry(Arc::clone(key)).or_insert_with(|| entry.clone());
                }
            }
            Kind::Seq(list) => list.iter().for_each(|item| self.merge(entries, item)),
            Kind::Scalar(_) => {
                self.diags
                    .report(
                        &UNSUPPORTED,
                        from.span.clone(),
                        "`<<` merges mappings, this is a scalar",
                    )
                    .help("write `<<: *anchor`, or quote the key if it is meant as a name");
            }
        }
    }

    /// The end of a collection: its closing bracket, or the end of its last child in block style, where the
    /// event comes only with the next token.
    fn end(&self, span: EventSpan, last: u32) -> u32 {
        let span = self.span(span);
        if span.end > span.start { span.end } else { last }
    }

    fn forced_text(&mut self, tag: Option<&Tag>, at: &Span) -> bool {
        match tag {
            None => false,
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => true,
            Some(tag) => {
                self.unsupported_tag(tag, at);
                false
            }
        }
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, at: &Span) {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && matches!(tag.suffix.as_str(), "map" | "seq"))
        {
            self.unsupported_tag(tag, at);
        }
    }

    fn unsupported_tag(&mut self, tag: &Tag, at: &Span) {
        self.diags
            .report(&UNSUPPORTED, at.clone(), format!("the tag `{}{}`", tag.handle, tag.suffix))
            .help("remove the tag; types come from the field");
    }
}
