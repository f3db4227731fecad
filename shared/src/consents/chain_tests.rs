//! A chain is whole, or says which link is broken.

use proptest::prelude::*;

use super::*;

fn chain(objects: &[String]) -> (Vec<Link>, Vec<u8>) {
    let person = Uuid::from_u128(7);
    let mut links: Vec<Link> = Vec::new();
    let mut head = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let place = Place {
            person,
            sequence: i32::try_from(index).unwrap() + 1,
            id: ConsentId(Uuid::from_u128(100 + index as u128)),
            recorded_at: "2026-11-23T08:00:00Z".parse().unwrap(),
        };
        let content = Content {
            kind: "given".to_owned(),
            object: Some(object.clone()),
            ..Content::default()
        };
        let salt = vec![u8::try_from(index).unwrap(); SALT_BYTES];
        let commitment = commit(&salt, &content);
        let hash = link_hash(&head, &place, &commitment);
        links.push(Link {
            place,
            content,
            salt: Some(salt),
            commitment,
            previous_hash: head,
            hash: hash.clone(),
        });
        head = hash;
    }
    (links, head)
}

fn length(links: &[Link]) -> i32 {
    i32::try_from(links.len()).unwrap()
}

#[test]
fn an_empty_chain_is_whole() {
    assert_eq!(verify(&[], 0, &[]), Ok(()));
}

#[test]
fn a_forgotten_row_keeps_its_chain_whole() {
    let (mut links, head) = chain(&["a", "b", "c"].map(str::to_owned));
    links[1].salt = None;
    links[1].content = forgotten(&links[1].content);
    assert_eq!(verify(&links, 3, &head), Ok(()));
    // What is put back into it is not believed.
    links[1].content.object = Some("b".to_owned());
    assert_eq!(
        verify(&links, 3, &head),
        Err(Broken {
            sequence: 2,
            fault: Fault::Content
        })
    );
}

proptest! {
    #[test]
    fn whatever_is_changed_is_found_and_located(
        objects in prop::collection::vec("[a-z]{1,8}", 1..8),
        at in any::<prop::sample::Index>(),
        what in 0..6,
        byte in 0..32usize,
    ) {
        let (mut links, mut head) = chain(&objects);
        let all = length(&links);
        prop_assert_eq!(verify(&links, all, &head), Ok(()));
        let at = at.index(links.len());
        let flip = |bytes: &mut Vec<u8>| if let Some(byte) = bytes.get_mut(byte) { *byte ^= 1 };
        let mut located = i32::try_from(at).unwrap() + 1;
        match what {
            0 => links[at].content.object = Some("changed!".to_owned()),
            1 => flip(&mut links[at].commitment),
            2 => flip(&mut links[at].hash),
            3 => links[at].place.recorded_at = "2026-11-23T08:00:00.000001Z".parse().unwrap(),
            4 => drop(links.remove(at)),
            _ => {
                flip(&mut head);
                located = all;
            }
        }
        let broken = verify(&links, all, &head).unwrap_err();
        prop_assert_eq!(broken.sequence, located);
    }
}
