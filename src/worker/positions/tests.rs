use super::*;

fn id(name: &str) -> TopicId {
    TopicId::from_text(name)
}

fn committed(offset: i64, topic: Option<&str>) -> Committed {
    Committed { offset, note: Note { topic: topic.map(id), beyond: false } }
}

/// Facts of a topic `now`.
fn facts<'a>(committed: Result<&'a Committed, Without>, now: &'a TopicId) -> Facts<'a> {
    Facts { topic: Some(now), committed, next: None, first: None, span: None }
}

#[test]
fn an_offset_in_range_is_read_from_whoever_committed_it() {
    let now = id("now");
    for topic in [None, Some("now")] {
        let known = committed(300, topic);
        assert_eq!(judge(Facts { first: Some(300), ..facts(Ok(&known), &now) }), Verdict::Go);
        // Behind a control record, or where compaction took some.
        assert_eq!(judge(Facts { first: Some(304), span: Some((0, 900)), ..facts(Ok(&known), &now) }), Verdict::Go);
        // No record yet: at the end.
        assert_eq!(judge(Facts { span: Some((0, 300)), ..facts(Ok(&known), &now) }), Verdict::Go);
    }
    // Brokers that give no ids.
    let known = committed(300, Some("earlier"));
    assert_eq!(judge(Facts { topic: None, first: Some(300), ..facts(Ok(&known), &now) }), Verdict::Go);
}

#[test]
fn an_offset_beyond_the_end_stalls_and_stays_so() {
    let now = id("now");
    let known = committed(600, None);
    let beyond = |end| Verdict::Stall(Doubt::Beyond { offset: 600, end });
    assert_eq!(judge(Facts { span: Some((0, 299)), ..facts(Ok(&known), &now) }), beyond(Some(299)));
    // librdkafka went back to the beginning by itself.
    assert_eq!(judge(Facts { first: Some(0), span: Some((0, 299)), ..facts(Ok(&known), &now) }), beyond(Some(299)));
    // It has been found beyond the end before.
    let marked = Committed { note: Note { topic: None, beyond: true }, ..known };
    assert_eq!(judge(Facts { first: Some(600), ..facts(Ok(&marked), &now) }), beyond(None));
}

#[test]
fn a_lane_that_is_thrown_back_stalls_wherever_its_last_commit_was() {
    let now = id("now");
    let known = committed(500, Some("now"));
    let thrown_back = Facts { next: Some(600), first: Some(550), span: Some((0, 700)), ..facts(Ok(&known), &now) };
    assert_eq!(judge(thrown_back), Verdict::Stall(Doubt::Beyond { offset: 600, end: Some(700) }));
    for without in [Without::First, Without::Added] {
        let facts = Facts { next: Some(6), first: Some(0), span: Some((0, 3)), ..facts(Err(without), &now) };
        assert_eq!(judge(facts), Verdict::Stall(Doubt::Beyond { offset: 6, end: Some(3) }));
    }
}

#[test]
fn an_offset_of_another_topic_stalls_though_it_is_in_range() {
    let now = id("now");
    let known = committed(300, Some("earlier"));
    let verdict = judge(Facts { first: Some(300), ..facts(Ok(&known), &now) });
    assert_eq!(verdict, Verdict::Stall(Doubt::MadeAnew { offset: Some(300) }));
    let verdict = judge(Facts { first: Some(0), ..facts(Err(Without::MadeAnew), &now) });
    assert_eq!(verdict, Verdict::Stall(Doubt::MadeAnew { offset: None }));
}

#[test]
fn without_an_offset_it_depends_on_what_was_done_before() {
    let now = id("now");
    let verdict = |without| judge(Facts { first: Some(0), ..facts(Err(without), &now) });
    assert_eq!(verdict(Without::First), Verdict::Go);
    assert_eq!(verdict(Without::Added), Verdict::Go);
    assert_eq!(verdict(Without::Forgotten), Verdict::Stall(Doubt::Forgotten));
}

#[test]
fn what_retention_took_is_told_and_goes_on() {
    let now = id("now");
    let known = committed(100, Some("now"));
    let lost = |from, to| Verdict::Lost { from, to };
    assert_eq!(judge(Facts { first: Some(150), span: Some((150, 900)), ..facts(Ok(&known), &now) }), lost(100, 150));
    assert_eq!(judge(Facts { span: Some((150, 150)), ..facts(Ok(&known), &now) }), lost(100, 150));
    // While reading: what was gathered is not lost, though it is not committed yet.
    let reading = Facts { next: Some(120), first: Some(150), span: Some((150, 900)), ..facts(Ok(&known), &now) };
    assert_eq!(judge(reading), lost(120, 150));
}

#[test]
fn records_that_follow_are_not_asked_about() {
    let positions = Positions::default();
    positions.came(&[0, 1]);
    let follow = |records: &[(i32, i64)]| -> Vec<(i32, usize, i64, Option<i64>)> {
        let suspects = positions.follow(records.iter().copied());
        suspects.into_iter().map(|Suspect { partition, at, first, next }| (partition, at, first, next)).collect()
    };
    assert_eq!(follow(&[(0, 7), (0, 8), (1, 3)]), [(0, 0, 7, None), (1, 2, 3, None)], "the first of each");
    assert_eq!(follow(&[(0, 9), (1, 9), (0, 11)]), []);
    assert_eq!(follow(&[(0, 12), (0, 0), (0, 1)]), [(0, 1, 0, Some(13))], "back to the beginning");
    positions.shake();
    assert_eq!(follow(&[(1, 10)]), [], "it was not this one");
    assert_eq!(follow(&[(0, 20), (0, 30)]), [(0, 0, 20, Some(2))], "librdkafka said that it left a position");
    positions.rewound(&[1]);
    assert_eq!(follow(&[(1, 10), (0, 40)]), [(1, 0, 10, None)]);
    positions.went(&[0]);
    assert_eq!(follow(&[(0, 41)]), [], "its batch is forgotten");
    positions.came(&[0]);
    assert_eq!(follow(&[(0, 41)]), [(0, 0, 41, None)]);
}

#[test]
fn a_partition_that_stalls_is_asked_about_when_it_comes_again() {
    let positions = Positions::default();
    positions.came(&[0]);
    positions.stall(0, &Doubt::Beyond { offset: 6, end: Some(3) });
    assert!(positions.is_stalled(0));
    assert_eq!(positions.follow([(0, 0)].into_iter()), [], "what comes all the same is dropped");
    assert_eq!(positions.unmarked(), [0]);
    positions.marked(0);
    assert_eq!(positions.unmarked(), [0; 0]);
    positions.rewound(&[0]);
    assert!(positions.is_stalled(0));
    positions.went(&[0]);
    positions.came(&[0]);
    assert_eq!(positions.unjudged(), [0]);
    assert!(positions.good(0, 3), "it is still paused");
    assert!(!positions.good(0, 3));
}
