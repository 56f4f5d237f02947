//! Where an image came from: every way to get one, honest and not, with both builders, on the engine in reach,
//! through `dlearn check`. A row is a way, the verdict that it must get and a part of its message; the tables are
//! `honest.rs` and `cheats.rs`. The same test runs on every engine (`scripts/test --engine sid`).

#[path = "../cli_support/mod.rs"]
mod cli_support;

mod cheats;
mod honest;
mod world;

use cli_support::Client;
use world::World;

#[test]
fn honest_ways_with_the_classic_builder() {
    honest(Client::Classic);
}

#[test]
fn honest_ways_with_buildkit() {
    honest(Client::BuildKit);
}

#[test]
fn cheats_with_the_classic_builder() {
    cheats(Client::Classic);
}

#[test]
fn cheats_with_buildkit() {
    cheats(Client::BuildKit);
}

fn honest(client: Client) {
    World::new(client, "").go(&honest::ways());
    World::new(client, honest::FIELDS).go(&honest::ways_with_options());
}

fn cheats(client: Client) {
    World::new(client, "").go(&cheats::ways());
    World::new(client, honest::FIELDS).go(&cheats::ways_with_options());
}
