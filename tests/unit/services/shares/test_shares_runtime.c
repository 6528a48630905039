/*
 * tests/unit/services/shares/test_shares_runtime.c - tests of holder processes.
 */
#include "tests/unit/services/shares/holder_processes.h"

static void live(uint64_t ms)
{
    const uint64_t until = now_ms() + ms;
    while (now_ms() < until)
        service_ledger_turn(w.ledger, 10);
}

/* --- what the ledger says of the id */

static const struct assay_share_row *row(void)
{
    return assay_share_registry_find(shares(), w.id);
}

static bool has_all(uint32_t cluster)
{
    return row() != NULL && row()->synced && row()->have[cluster] == (1u << SLOTS) - 1;
}

static bool has_generation(uint32_t generation)
{
    return row() != NULL && row()->generation == generation;
}

static bool has_confirmed(uint32_t count)
{
    return row() != NULL && (uint32_t)__builtin_popcount(row()->have[0]) >= count;
}

static bool has_but_slot_2(uint32_t cluster)
{
    return row() != NULL && row()->have[cluster] == 0x1b;
}

/* --- */

Test(services_shares_runtime, a_secret_is_put_fetched_by_another_cluster_and_read, .timeout = 600)
{
    open_world(2, SLOTS, 16);
    put(1);
    cr_expect(becomes(has_all, 0, SOON_MS));
    cr_expect(becomes(has_all, 1, SOON_MS), "the second cluster fetched every share");
    cr_expect(reads(SOON_MS), "it comes back equal");
    for (uint32_t slot = 0; slot < 2; slot++)
        stop(slot);
    cr_expect(reads(SOON_MS), "three of five are enough");
    stop(2);
    cr_expect_not(reads(3000), "two are not");
    close_world();
}

/* The owner's next change of secret number 1. In: list: NULL: it is deleted */
static struct assay_holder_client_status change(const struct assay_share_reader *list)
{
    const uint8_t name[32] = { 1 };
    struct assay_share_client *client = client_open();
    enum assay_status status = ASSAY_E_AGAIN;
    uint8_t id[32];
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        (void)run_for(client, 5);
        status = list == NULL ? assay_holder_client_delete(client, name, id)
                              : assay_holder_client_readers(client, name, list, 1, id);
    }
    cr_assert_eq(status, ASSAY_OK);
    cr_expect(assay_bytes_equal(id, w.id, 32));
    const struct assay_holder_client_status said = run_for(client, SOON_MS);
    assay_holder_client_close(&client);
    return said;
}

static bool are_ready_again(uint32_t clusters)
{
    return row() == NULL && are_ready(clusters);
}

Test(services_shares_runtime, its_owner_names_other_readers_and_deletes_it, .timeout = 600)
{
    struct assay_share_reader other = { .kind = ASSAY_SHARE_READER_ACCOUNT, .name = { 9 } };
    open_world(1, SLOTS, 16);
    put(1);
    cr_expect(reads(SOON_MS));
    cr_expect_eq(change(&other).state, ASSAY_SHARE_CLIENT_DONE);
    cr_expect_not(reads(3000), "the owner is no reader any more");
    assay_bytes_copy(other.name, 32, w.reader, 32);
    cr_expect_eq(change(&other).state, ASSAY_SHARE_CLIENT_DONE);
    cr_expect(reads(SOON_MS));
    cr_expect_eq(row()->version, 2);
    cr_expect_eq(change(NULL).state, ASSAY_SHARE_CLIENT_DONE);
    cr_expect(becomes(are_ready_again, 1, SOON_MS));
    struct assay_share_client *client = client_open();
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        (void)run_for(client, 5);
        status = assay_holder_client_read(client, w.id, assay_slice_over(w.sealed, w.sealed_len));
    }
    cr_expect_eq(status, ASSAY_E_NOT_FOUND);
    assay_holder_client_close(&client);
    service_ledger_close_epoch(w.ledger); /* in the epoch of its deletion it cannot be put */
    put(1);
    cr_expect(reads(SOON_MS), "a secret of the same name");
    close_world();
}

Test(services_shares_runtime, who_has_as_many_ids_as_one_may_have_is_told_so, .timeout = 600)
{
    open_world(1, SLOTS, 64);
    for (uint8_t i = 1; i <= ASSAY_SHARE_QUOTA_MIN; i++)
        put(i);
    struct assay_share_client *client = put_begin(ASSAY_SHARE_QUOTA_MIN + 1);
    const struct assay_holder_client_status said = run_for(client, SOON_MS);
    cr_expect_eq(said.state, ASSAY_SHARE_CLIENT_FAILED);
    cr_expect_not_null(strstr(said.why, "quota"), "%s", said.why);
    assay_holder_client_close(&client);
    close_world();
}

Test(services_shares_runtime, who_is_no_reader_is_told_so, .timeout = 600)
{
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    open_world(1, SLOTS, 16);
    put(1);
    cr_assert_eq(assay_p256_generate(&w.owner, key), ASSAY_OK);
    struct assay_share_client *client = client_open();
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        (void)run_for(client, 5);
        status = assay_holder_client_read(client, w.id, assay_slice_over(w.sealed, w.sealed_len));
    }
    cr_assert_eq(status, ASSAY_OK);
    const struct assay_holder_client_status said = run_for(client, SOON_MS);
    cr_assert_eq(said.state, ASSAY_SHARE_CLIENT_FAILED);
    cr_expect_not_null(strstr(said.why, "readers"), "%s", said.why);
    assay_holder_client_close(&client);
    close_world();
}

Test(services_shares_runtime, four_confirmations_are_none, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    stop(3);
    struct assay_share_client *client = put_begin(1);
    const struct assay_holder_client_status status = run_for(client, 4000);
    cr_expect_eq(status.state, ASSAY_SHARE_CLIENT_WORKS);
    cr_expect_eq(status.answered, SLOTS - 1);
    cr_expect_not(row()->synced);
    start(3, 0);
    cr_expect_eq(run_for(client, SOON_MS).state, ASSAY_SHARE_CLIENT_DONE, "the fifth came back");
    cr_expect(row()->synced);
    assay_holder_client_close(&client);
    cr_expect(reads(SOON_MS));
    close_world();
}

/* Its confirmations are lost on their way, and it is killed: what it says anew after its start it
 * says of what is on its disk, for the owner is gone. */
Test(services_shares_runtime, a_holder_that_is_killed_before_it_confirmed_has_what_it_took,
     .timeout = 600)
{
    open_world(1, SLOTS, 16);
    struct assay_share_client *client = put_begin(1);
    const uint64_t until = now_ms() + SOON_MS;
    while ((row() == NULL || row()->have[0] == 0) && now_ms() < until) {
        service_ledger_turn(w.ledger, 1);
        assay_holder_client_step(client, 1);
        /* From PUT on nothing is final. */
        if (row() != NULL) service_ledger_lose(w.ledger, 1000000);
        if (service_ledger_lost(w.ledger) >= SLOTS) break; /* all five have said it */
    }
    cr_assert_geq(service_ledger_lost(w.ledger), SLOTS);
    assay_holder_client_close(&client);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        stop(slot);
    cr_expect_not(row()->synced);
    service_ledger_lose(w.ledger, 0);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        start(slot, 0);
    cr_expect(becomes(has_all, 0, SOON_MS), "what was confirmed was durable before");
    cr_expect(reads(SOON_MS));
    close_world();
}

/* Its daemon lost its store, and goes through the running epoch once more: what was put in that
 * epoch is on no ledger for a while, nor has the holder its slot. */
Test(services_shares_runtime, a_ledger_that_forgot_its_epoch_takes_no_share, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    struct service_ledger *const whole = w.ledger;
    put(1);
    cr_assert(becomes(has_all, 0, SOON_MS));
    stop(0);
    w.daemon = "forgetful";
    w.ledger = service_ledger_of(in_folder("forgetful", 99), &plan);
    service_ledger_member(w.ledger, in_folder(w.daemon, 0), 0);
    start(0, 0);
    live(1500);
    stop(0);
    service_ledger_close(&w.ledger);
    w.ledger = whole;
    w.daemon = "daemon";
    start(0, 0);
    stop(3);
    stop(4);
    cr_expect(reads(SOON_MS), "the first of three has its share; the read is asked once more");
    close_world();
}

/* Returns: its exit status; -1: it goes on. */
static int ends(uint32_t slot, uint64_t within_ms)
{
    int code = 0;
    const uint64_t until = now_ms() + within_ms;
    while (waitpid(w.holder[slot], &code, WNOHANG) == 0) {
        if (now_ms() >= until) return -1;
        service_ledger_turn(w.ledger, 20);
    }
    w.holder[slot] = 0;
    return WIFEXITED(code) ? WEXITSTATUS(code) : -2;
}

static bool is_in_vault(uint32_t slot)
{
    struct assay_vault *vault = NULL;
    char message[ASSAY_VAULT_MESSAGE_LEN];
    uint8_t bytes[2048];
    struct assay_slice found;
    cr_assert_eq(assay_vault_open(in_folder("vault", slot), &vault_key, &vault, message), ASSAY_OK,
                 "%s", message);
    const enum assay_status status =
        assay_vault_get(vault, ASSAY_VAULT_SHARE, w.id, bytes, sizeof bytes, &found);
    assay_vault_close(&vault);
    return status == ASSAY_OK;
}

/* docs/services.md 5.15: what was final is undone, and the share on this disk may be the last. */
Test(services_shares_runtime, a_new_era_that_undoes_an_id_erases_no_share, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    service_ledger_mark(w.ledger);
    put(1);
    cr_assert(becomes(has_all, 0, SOON_MS));
    stop(4);
    service_ledger_undo(w.ledger);
    for (uint32_t slot = 0; slot < 4; slot++)
        cr_expect_eq(ends(slot, SOON_MS), 6, "holder %u says so, and ends", slot);
    start(4, 0);
    cr_expect_eq(ends(4, SOON_MS), 6, "so does one that was away");
    start(0, 0);
    cr_expect_eq(ends(0, SOON_MS), 6, "and again");
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        cr_expect(is_in_vault(slot), "slot %u", slot);
    w.era = 1;
    start(1, 0);
    cr_expect_eq(ends(1, SOON_MS), 6, "another era than the one that was accepted");
    w.era = 2;
    start(1, 0);
    cr_expect_eq(ends(1, 1500), -1, "people have said that it may");
    stop(1);
    cr_expect_not(is_in_vault(1), "what this era does not have is erased then");
    w.era = 0;
    start(1, 0);
    cr_expect_eq(ends(1, 1000), -1, "once is enough");
    close_world();
}

/* The generation before was erased when the next one was whole: nobody else has it either. */
Test(services_shares_runtime, a_new_era_that_undoes_a_generation_erases_no_share, .timeout = 600)
{
    struct assay_registry_member out = { .standing = ASSAY_REGISTRY_STAND_SUSPENDED };
    open_world(1, SLOTS, 16);
    put(1);
    start(SPARE, 0);
    live(1500);
    service_ledger_mark(w.ledger);
    service_ledger_set(w.ledger, 2, &out);
    service_ledger_close_epoch(w.ledger);
    cr_assert(becomes(has_generation, 2, SOON_MS), "dealt anew, to the spare as well");
    cr_expect(becomes(has_all, 0, SOON_MS));
    live(500);
    service_ledger_undo(w.ledger);
    cr_expect_eq(ends(0, SOON_MS), 6, "its share is of a generation that is undone");
    cr_expect_eq(ends(SPARE, SOON_MS), 6, "so is its slot");
    cr_expect(is_in_vault(0));
    cr_expect(is_in_vault(SPARE));
    close_world();
}

/* In the blocks that are undone its owner deleted it and put it again: the ledger has the put
 * before once more, of a later generation than the share that is here. */
Test(services_shares_runtime, a_new_era_that_undoes_another_put_erases_no_share, .timeout = 600)
{
    struct assay_registry_member out = { .standing = ASSAY_REGISTRY_STAND_SUSPENDED };
    open_world(1, SLOTS, 16);
    put(1);
    start(SPARE, 0);
    live(1500);
    service_ledger_set(w.ledger, 2, &out);
    service_ledger_close_epoch(w.ledger);
    cr_assert(becomes(has_generation, 2, SOON_MS));
    cr_assert(becomes(has_all, 0, SOON_MS));
    live(500);
    service_ledger_mark(w.ledger);
    cr_assert_eq(change(NULL).state, ASSAY_SHARE_CLIENT_DONE);
    service_ledger_close_epoch(w.ledger);
    put(1);
    cr_assert(becomes(has_all, 0, SOON_MS));
    cr_assert_eq(row()->generation, 1);
    service_ledger_undo(w.ledger);
    cr_assert_eq(row()->generation, 2);
    cr_expect_eq(ends(0, SOON_MS), 6, "its share is of a put that is undone");
    cr_expect(is_in_vault(0));
    close_world();
}

static bool are_keyed(uint32_t cluster)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (!shares()->cluster[cluster].seat[slot].has_next) return false;
    return true;
}

/* Most of what a holder states finds no room at once: it is stated later, and nothing ends. */
Test(services_shares_runtime, a_full_queue_of_records_delays_and_stops_nothing, .timeout = 600)
{
    struct assay_registry_member out = { .standing = ASSAY_REGISTRY_STAND_SUSPENDED };
    w.pending_max = 1;
    open_world(1, SLOTS, 16);
    cr_expect(becomes(are_keyed, 0, SOON_MS), "readiness found room, and then the keys");
    put(1);
    cr_expect(becomes(has_all, 0, SOON_MS));
    start(SPARE, 0);
    live(1500);
    service_ledger_lose(w.ledger, 1000000);
    for (int i = 0; i < 4; i++) { /* whatever it states is refused, and the ledger goes on */
        service_ledger_close_epoch(w.ledger);
        live(300);
    }
    service_ledger_lose(w.ledger, 0);
    service_ledger_set(w.ledger, 2, &out);
    service_ledger_close_epoch(w.ledger);
    cr_expect(becomes(has_generation, 2, SOON_MS), "dealt anew");
    cr_expect(reads(SOON_MS));
    for (uint32_t slot = 0; slot < 2; slot++)
        cr_expect_eq(ends(slot, 0), -1, "holder %u goes on", slot);
    w.pending_max = 0;
    close_world();
}

Test(services_shares_runtime, a_new_era_that_undoes_nothing_is_followed, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    put(1);
    cr_assert(becomes(has_all, 0, SOON_MS));
    stop(0);
    service_ledger_undo(w.ledger);
    start(0, 0);
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        cr_expect_eq(ends(slot, 300), -1, "holder %u goes on", slot);
    cr_expect(reads(SOON_MS));
    put(2);
    cr_expect(becomes(has_all, 0, SOON_MS), "in that era as well");
    close_world();
}

static bool is_listed(uint32_t slot)
{
    return shares()->member[slot].listed;
}

/* All stores were lost (docs/protocol.md 9.18): epochs count from the first one again. */
Test(services_shares_runtime, a_new_era_whose_epochs_come_again_is_followed, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    for (int i = 0; i < 4; i++)
        service_ledger_close_epoch(w.ledger);
    live(500);
    stop(0);
    struct service_ledger *const before = w.ledger;
    w.daemon = "anew";
    w.ledger = service_ledger_of(in_folder("anew", 99), &plan);
    service_ledger_member(w.ledger, in_folder(w.daemon, 0), 0);
    service_ledger_undo(w.ledger);
    cr_assert_lt(service_ledger_epoch(w.ledger), service_ledger_epoch(before));
    start(0, 0);
    cr_expect(becomes(is_listed, 0, SOON_MS), "it had kept nothing");
    service_ledger_close(&w.ledger);
    w.ledger = before;
    close_world();
}

/* Other programs of the same member hand records in as well: a read waits for its own. */
Test(services_shares_runtime, records_of_others_do_not_put_a_read_off, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    put(1);
    for (uint32_t slot = 0; slot < 3; slot++)
        stop(slot);
    struct assay_share_client *client = client_open();
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        (void)run_for(client, 5);
        status = assay_holder_client_read(client, w.id, assay_slice_over(w.sealed, w.sealed_len));
    }
    cr_assert_eq(status, ASSAY_OK);
    cr_assert(run_for(client, 1000).is_final, "while three of five are away");
    for (uint32_t slot = 0; slot < 3; slot++)
        start(slot, 0);
    enum assay_share_client_state state = ASSAY_SHARE_CLIENT_WORKS;
    const uint64_t until = now_ms() + SOON_MS;
    for (uint8_t i = 2; state == ASSAY_SHARE_CLIENT_WORKS && now_ms() < until; i++) {
        struct assay_share_client *other = put_begin(i);
        (void)run_for(other, 500);
        state = run_for(client, 1500).state;
        assay_holder_client_close(&other);
    }
    cr_expect_eq(state, ASSAY_SHARE_CLIENT_DONE);
    assay_holder_client_close(&client);
    close_world();
}

Test(services_shares_runtime, records_that_are_lost_are_handed_in_again, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    struct assay_share_client *client = put_begin(1);
    service_ledger_lose(w.ledger, 4);
    cr_expect_eq(run_for(client, SOON_MS).state, ASSAY_SHARE_CLIENT_DONE);
    assay_holder_client_close(&client);
    service_ledger_hang_up(w.ledger);
    live(1500);
    cr_expect(reads(SOON_MS), "and the daemon may go and come back");
    close_world();
}

Test(services_shares_runtime, who_is_suspended_loses_its_slot_to_a_spare_and_the_secret_stays,
     .timeout = 600)
{
    struct assay_registry_member out = { .standing = ASSAY_REGISTRY_STAND_SUSPENDED };
    open_world(1, SLOTS, 16);
    put(1);
    start(SPARE, 0);
    live(1500);
    service_ledger_set(w.ledger, 2, &out);
    service_ledger_close_epoch(w.ledger);
    cr_assert(becomes(has_generation, 2, SOON_MS), "dealt anew, to the spare as well");
    cr_expect_eq(shares()->cluster[0].seat[2].member, SPARE);
    cr_expect(becomes(has_all, 0, SOON_MS));
    stop(0);
    stop(1);
    cr_expect(reads(SOON_MS), "with the spare's share among three");
    live(500);
    /* What sat there before has nothing any more. */
    stop(2);
    struct assay_vault *vault = NULL;
    char message[ASSAY_VAULT_MESSAGE_LEN];
    uint8_t bytes[2048];
    struct assay_slice found;
    cr_assert_eq(assay_vault_open(in_folder("vault", 2), &vault_key, &vault, message), ASSAY_OK,
                 "%s", message);
    cr_expect_eq(assay_vault_get(vault, ASSAY_VAULT_SHARE, w.id, bytes, sizeof bytes, &found),
                 ASSAY_E_NOT_FOUND, "it was wiped when the slot moved");
    assay_vault_close(&vault);
    close_world();
}

/* No holder believes another's evidence, so nothing is dealt over links; what they deal on the
 * ledger makes the next generation, also in one that is killed and comes back on the way. */
Test(services_shares_runtime, who_gets_nothing_over_links_is_dealt_to_in_public, .timeout = 600)
{
    enum { PHASES = 8 };
    struct assay_registry_member out = { .standing = ASSAY_REGISTRY_STAND_SUSPENDED };
    open_world(1, SLOTS, 16);
    put(1);
    start(SPARE, 0);
    live(1500);
    for (uint32_t slot = 0; slot < HOLDERS_MAX; slot++)
        service_ledger_tamper(w.ledger, slot);
    service_ledger_set(w.ledger, 2, &out);
    service_ledger_close_epoch(w.ledger);
    live(2500);
    cr_expect(has_generation(1), "not over links");
    for (uint32_t i = 0; i < PHASES && !has_generation(2); i++) {
        service_ledger_close_epoch(w.ledger);
        if (shares()->round->phase == ASSAY_SHARE_PHASE_DISPUTES && i > 0) {
            stop(1);
            start(1, 0);
        }
        live(1500);
    }
    cr_assert(becomes(has_generation, 2, SOON_MS));
    cr_expect_eq(shares()->cluster[0].seat[2].member, SPARE);
    cr_expect_geq(service_ledger_count(w.ledger, ASSAY_SERVICE_SHARE_DEALING), SLOTS - 1);
    cr_expect_eq(service_ledger_count(w.ledger, ASSAY_SERVICE_SHARE_DISPUTE), 0);
    cr_expect(becomes(has_all, 0, SOON_MS), "the spare has its share, and who was killed");
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        cr_expect(!assay_share_registry_is_lost(shares(), 0, slot), "slot %u", slot);
    close_world();
}

/* A vault that is lost: the same member lists another holder, whose slot it gets anew. */
Test(services_shares_runtime, a_disk_that_is_lost_is_dealt_or_fetched_anew, .timeout = 600)
{
    open_world(2, SLOTS, 16);
    put(1);
    cr_assert(becomes(has_all, 1, SOON_MS));
    stop(6);
    cr_assert_eq(unlink(in_folder("vault", 6)), 0);
    char log[160];
    (void)snprintf(log, sizeof log, "%s-wal", in_folder("vault", 6));
    (void)unlink(log);
    start(6, 1);
    live(500);
    service_ledger_close_epoch(w.ledger);
    cr_expect(becomes(has_generation, 2, SOON_MS), "another key is another holder: dealt anew");
    cr_expect(becomes(has_all, 1, SOON_MS), "slot 1 of cluster 1 has its share again");
    close_world();
}

/* Ids that were put while a holder of the second cluster was away are fetched when it comes back.
 */
Test(services_shares_runtime, a_downtime_is_made_up_for, .timeout = 600)
{
    open_world(2, SLOTS, 16);
    put(1);
    cr_assert(becomes(has_all, 1, SOON_MS));
    stop(7);
    for (uint8_t number = 2; number < 6; number++)
        put(number);
    service_ledger_close_epoch(w.ledger);
    cr_expect(becomes(has_but_slot_2, 1, SOON_MS), "the others do not wait for it");
    start(7, 1);
    cr_expect(becomes(has_all, 1, SOON_MS));
    cr_expect_eq(shares()->synced_count, 5);
    cr_expect(becomes(are_ready, 2, SOON_MS), "and is ready with all of it");
    close_world();
}

/* Evidence of a program that nobody knows: nothing is given to it, nothing taken. */
Test(services_shares_runtime, a_holder_whose_evidence_is_not_good_gets_nothing, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    service_ledger_tamper(w.ledger, 4);
    struct assay_share_client *client = put_begin(1);
    (void)run_for(client, 4000);
    cr_expect(has_confirmed(SLOTS - 1));
    cr_expect_eq(row()->have[0], 0x0f);
    assay_holder_client_close(&client);
    close_world();
}

Test(services_shares_runtime, who_is_no_reader_reads_nothing, .timeout = 600)
{
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    open_world(1, SLOTS, 16);
    put(1);
    cr_expect(reads(SOON_MS));
    cr_assert_eq(assay_p256_generate(&w.owner, key), ASSAY_OK);
    cr_expect_not(reads(3000), "another account");
    close_world();
}

/* The process that ran before is another holder: two of one member would fight for the slot. */
Test(services_shares_runtime, a_holder_that_is_superseded_ends_and_keeps_its_vault, .timeout = 600)
{
    open_world(1, SLOTS, 16);
    put(1);
    const pid_t before = w.holder[1];
    char kept[160];
    (void)snprintf(kept, sizeof kept, "mv %s %s-old", in_folder("vault", 1), in_folder("vault", 1));
    cr_assert_eq(system(kept), 0);
    start(1, 0);
    int code = 0;
    const uint64_t until = now_ms() + SOON_MS;
    while (waitpid(before, &code, WNOHANG) == 0 && now_ms() < until)
        service_ledger_turn(w.ledger, 20);
    cr_expect(WIFEXITED(code) && WEXITSTATUS(code) == 4, "it says why: %x", (unsigned)code);
    close_world();
}

Test(services_shares_runtime, a_holder_that_waits_for_the_ledger_uses_no_processor, .timeout = 600)
{
    enum { TURNS = 10, TURN_MS = 100 };
    char folder[] = "/tmp/assay-shares.XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    char vault[64], command[96];
    (void)snprintf(vault, sizeof vault, "%s/vault", folder);
    const struct assay_holder_node_config config = { .ledger = "/nonexistent/ledger",
                                                     .listen = "127.0.0.1:0",
                                                     .client_listen = "127.0.0.1:0",
                                                     .store = vault,
                                                     .key = &vault_key,
                                                     .again_ms = 500 };
    struct assay_holder_node *node = NULL;
    char message[ASSAY_HOLDER_NODE_MESSAGE_LEN];
    cr_assert_eq(assay_holder_node_open(&config, &node, message), ASSAY_OK, "%s", message);
    const uint64_t begin_ms = now_ms();
    for (int i = 0; i < TURNS; i++)
        cr_assert_eq(assay_holder_node_step(node, TURN_MS), ASSAY_OK);
    cr_expect_geq(now_ms() - begin_ms, TURNS * TURN_MS / 2);
    assay_holder_node_close(&node);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    cr_expect_eq(system(command), 0);
}
