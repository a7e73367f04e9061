//! Documents that lost their end or a line.

use iia_config::limits::DOCUMENT_LEN_MAX;
use iia_config::parse::parse_partial;

#[test]
fn every_prefix_and_every_lost_line_of_a_document_is_read_without_harm() {
    let text = include_str!("../data/model.icl");
    let head: String = text
        .lines()
        .take(120)
        .flat_map(|line| [line, "\n"])
        .collect();
    for end in 0..head.len() {
        let reading = parse_partial(&head.as_bytes()[..end], DOCUMENT_LEN_MAX);
        let whole = head[..end].ends_with("\n}\n") || head[..end] == *"iia-config 1\n";
        let blank = head[..end].ends_with("\n}\n\n") || head[..end].ends_with("1\n\n");
        let comment = head[..end]
            .rsplit('\n')
            .nth(1)
            .is_some_and(|line| line.starts_with('#'))
            && head[..end].ends_with('\n');
        assert_eq!(
            reading.diagnostics.is_empty(),
            whole || blank || comment,
            "{end}: {:?}",
            reading.diagnostics
        );
    }
    let lines: Vec<&str> = text.lines().collect();
    for skip in 0..lines.len() {
        let left = lines.iter().enumerate().filter(|(at, _)| *at != skip);
        let text: String = left.flat_map(|(_, line)| [*line, "\n"]).collect();
        let _ = parse_partial(text.as_bytes(), DOCUMENT_LEN_MAX);
    }
}
