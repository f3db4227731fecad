//! The README's list of what fails when a protection is taken away names tests that are there.

use crate::{root, text};

#[test]
fn the_tests_that_the_readme_names_are_there() {
    let readme = text(root().join("README.md"));
    let list = readme.split("<!-- proofs -->").nth(1).unwrap();
    let list = list.split("<!-- /proofs -->").next().unwrap();
    let mut named = 0;
    // | what is taken away | `file` `test` `test` |
    for row in list
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
    {
        let tests = row.split('|').nth(2).unwrap();
        let mut source = String::new();
        for name in tests.split('`').skip(1).step_by(2) {
            if name.ends_with(".rs") {
                source = text(root().join(name));
                continue;
            }
            assert!(
                source.contains(&format!("fn {name}(")),
                "the README names {name}, and there is no such test"
            );
            named += 1;
        }
    }
    assert!(named > 30, "{named}");
}
