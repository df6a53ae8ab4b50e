use super::*;

fn id(name: &str) -> TopicId {
    TopicId::from_text(name)
}

fn committed(offset: i64, topic: Option<&str>) -> Committed {
    Committed { offset, metadata: OffsetMetadata { topic: topic.map(id), beyond_end: false } }
}

/// Facts of a topic `now`.
fn facts<'a>(committed: Result<&'a Committed, NoOffset>, now: &'a TopicId) -> Facts<'a> {
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
    let beyond = |end| Verdict::Stall(Doubt::BeyondEnd { offset: 600, end });
    assert_eq!(judge(Facts { span: Some((0, 299)), ..facts(Ok(&known), &now) }), beyond(Some(299)));
    // librdkafka went back to the beginning by itself.
    assert_eq!(judge(Facts { first: Some(0), span: Some((0, 299)), ..facts(Ok(&known), &now) }), beyond(Some(299)));
    // It has been found beyond the end before.
    let marked = Committed { metadata: OffsetMetadata { topic: None, beyond_end: true }, ..known };
    assert_eq!(judge(Facts { first: Some(600), ..facts(Ok(&marked), &now) }), beyond(None));
}

#[test]
fn a_lane_that_is_thrown_back_stalls_wherever_its_last_commit_was() {
    let now = id("now");
    let known = committed(500, Some("now"));
    let thrown_back = Facts { next: Some(600), first: Some(550), span: Some((0, 700)), ..facts(Ok(&known), &now) };
    assert_eq!(judge(thrown_back), Verdict::Stall(Doubt::BeyondEnd { offset: 600, end: Some(700) }));
    for without in [NoOffset::FirstStart, NoOffset::PartitionAdded] {
        let facts = Facts { next: Some(6), first: Some(0), span: Some((0, 3)), ..facts(Err(without), &now) };
        assert_eq!(judge(facts), Verdict::Stall(Doubt::BeyondEnd { offset: 6, end: Some(3) }));
    }
}

#[test]
fn an_offset_of_another_topic_stalls_though_it_is_in_range() {
    let now = id("now");
    let known = committed(300, Some("earlier"));
    let verdict = judge(Facts { first: Some(300), ..facts(Ok(&known), &now) });
    assert_eq!(verdict, Verdict::Stall(Doubt::TopicRecreated { offset: Some(300) }));
    let verdict = judge(Facts { first: Some(0), ..facts(Err(NoOffset::TopicRecreated), &now) });
    assert_eq!(verdict, Verdict::Stall(Doubt::TopicRecreated { offset: None }));
}

#[test]
fn without_an_offset_it_depends_on_what_was_done_before() {
    let now = id("now");
    let verdict = |without| judge(Facts { first: Some(0), ..facts(Err(without), &now) });
    assert_eq!(verdict(NoOffset::FirstStart), Verdict::Go);
    assert_eq!(verdict(NoOffset::PartitionAdded), Verdict::Go);
    assert_eq!(verdict(NoOffset::Expired), Verdict::Stall(Doubt::Expired));
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

fn partition(number: i32) -> Partition {
    Partition::new("raw", number)
}

#[test]
fn records_that_follow_are_not_asked_about() {
    let positions = Positions::default();
    positions.assigned(&[partition(0), partition(1)]);
    let follow = |records: &[(i32, i64)]| -> Vec<(i32, usize, i64, Option<i64>)> {
        let records = records.iter().map(|&(number, offset)| Coordinates { partition: partition(number), offset });
        let suspects = positions.follow(records).into_iter();
        suspects.map(|Suspect { partition, at, first, next }| (partition.number, at, first, next)).collect()
    };
    assert_eq!(follow(&[(0, 7), (0, 8), (1, 3)]), [(0, 0, 7, None), (1, 2, 3, None)], "the first of each");
    assert_eq!(follow(&[(0, 9), (1, 9), (0, 11)]), []);
    assert_eq!(follow(&[(0, 12), (0, 0), (0, 1)]), [(0, 1, 0, Some(13))], "back to the beginning");
    positions.position_reset();
    assert_eq!(follow(&[(1, 10)]), [], "it was not this one");
    assert_eq!(follow(&[(0, 20), (0, 30)]), [(0, 0, 20, Some(2))], "librdkafka said that it left a position");
    positions.rewound(&[partition(1)]);
    assert_eq!(follow(&[(1, 10), (0, 40)]), [(1, 0, 10, None)]);
    positions.revoked(&[partition(0)]);
    assert_eq!(follow(&[(0, 41)]), [], "its batch is discarded");
    positions.assigned(&[partition(0)]);
    assert_eq!(follow(&[(0, 41)]), [(0, 0, 41, None)]);
}

#[test]
fn partitions_of_two_topics_with_one_number_are_judged_apart() {
    let positions = Positions::default();
    let (raw, more) = (Partition::new("raw", 0), Partition::new("more", 0));
    positions.assigned(&[raw, more]);
    positions.set_good(raw, 5);
    positions.stall(more, &Doubt::Expired);
    assert!(positions.is_stalled(more) && !positions.is_stalled(raw));
    let records = [(raw, 5), (more, 0)].map(|(partition, offset)| Coordinates { partition, offset });
    assert_eq!(positions.follow(records.into_iter()), []);
    positions.set_topic_id(raw.topic, Some(id("raw-id")));
    assert_eq!((positions.topic_id(raw.topic), positions.topic_id(more.topic)), (Some(id("raw-id")), None));
}

#[test]
fn a_partition_that_stalls_is_asked_about_when_it_comes_again() {
    let positions = Positions::default();
    let zero = partition(0);
    positions.assigned(&[zero]);
    positions.stall(zero, &Doubt::BeyondEnd { offset: 6, end: Some(3) });
    assert!(positions.is_stalled(zero));
    let records = [Coordinates { partition: zero, offset: 0 }];
    assert_eq!(positions.follow(records.into_iter()), [], "what comes all the same is dropped");
    assert_eq!(positions.unmarked(), [zero]);
    positions.marked(zero);
    assert_eq!(positions.unmarked(), []);
    positions.rewound(&[zero]);
    assert!(positions.is_stalled(zero));
    positions.revoked(&[zero]);
    positions.assigned(&[zero]);
    assert_eq!(positions.unjudged(), [zero]);
    assert!(positions.set_good(zero, 3), "it is still paused");
    assert!(!positions.set_good(zero, 3));
}
