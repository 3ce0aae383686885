use super::*;
use time::macros::datetime;

#[test]
fn a_cell_is_exported_as_one_text() {
    assert_eq!(Cell::number(12_345).exported(), "12345");
    assert_eq!(Cell::none().exported(), "");
    assert_eq!(Cell::text("a").pill_too("danger", "b").note("c").exported(), "a; b");
    assert_eq!(
        Cell::links([Link::new("a", "/a/"), Link::new("b", "/b/")]).exported(),
        "a; b"
    );
    assert_eq!(Cell::text("a").badge("danger", "b").exported(), "a");
    let marked = [
        (Link::new("a", "/a/"), "success", "Public"),
        (Link::new("b", "/b/"), "waiting", "Private"),
    ];
    assert_eq!(Cell::marked_links(marked).exported(), "a (Public); b (Private)");
    let at = datetime!(2026-11-29 00:30 UTC);
    assert_eq!(Cell::time(Some(at)).exported(), "2026-11-29T00:30:00Z");
}
