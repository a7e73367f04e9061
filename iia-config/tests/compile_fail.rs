//! Invariant 9 as types: programs that skip a step of the life do not compile, for the reason that is committed.

#[test]
fn i9_no_step_of_the_life_can_be_skipped() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
