/*
 * tests/unit/platform/test_registrations.c - workload keys registered with an enclave, and what its
 * evidence binds (docs/identity.md 6.6 to 6.8).
 */
#include "tests/unit/platform/key_samples.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 }, other_id[32] = { 3 };
static const uint8_t boot[32] = { 4 }, other_boot[32] = { 5 };
static const uint8_t beacon[32] = { 6 }, voting[64] = { 7 }, transport[32] = { 8 };
static const struct registration_users users = { .owner = 7 };
static struct registrations r;
static uint64_t epoch;  /* of statements */
static uint64_t now_ms; /* each registration has its time, but in the test of floods */

/* The report data of this epoch, by what the ledger knows. */
static void expect(const uint8_t *root, uint8_t report_data[static 64], const uint8_t *node)
{
    const struct assay_binding binding = { chain_id, 0,      epoch,     beacon, node,
                                           1,        voting, transport, root };
    assay_binding_report_data(&binding, report_data);
}

static enum assay_status state_as(const uint8_t *chain, const uint8_t *node, const uint8_t *root,
                                  uint8_t report_data[static 64])
{
    const struct assay_binding binding = {
        chain, 0, epoch, beacon, node, 1, voting, transport, root
    };
    return registrations_state(&r, &binding, report_data);
}

/* Does evidence bind the root that the ledger names? Else it binds none. */
static bool binds(const uint8_t root[static 32])
{
    uint8_t report_data[64], keyed[64], keyless[64], none[32];
    assay_declared_keys_no_root(none);
    cr_assert_eq(state_as(chain_id, node_id, root, report_data), ASSAY_OK);
    expect(root, keyed, node_id);
    expect(none, keyless, node_id);
    const bool is_keyed = assay_bytes_equal(report_data, keyed, 64);
    cr_assert(is_keyed || assay_bytes_equal(report_data, keyless, 64));
    return is_keyed;
}

static void set_up(void)
{
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    registrations_init(&r, &users, boot);
    now_ms = 1000;
    epoch = 9;
    cr_assert(binds(none));
}

TestSuite(registrations, .init = set_up, .timeout = 120);

static enum assay_status add_as(uint32_t uid, const struct key_sample *s)
{
    now_ms += REGISTRATIONS_EACH_MS;
    return registrations_add(&r, uid, s->entry, key_sample_boot_proof(s), now_ms);
}

static enum assay_status add(const char *name, uint8_t number)
{
    struct key_sample s;
    key_sample_make(&s, name, number, chain_id, node_id, boot);
    return add_as(7, &s);
}

static enum assay_status withdraw(uint32_t uid, const char *name)
{
    return registrations_remove(&r, uid, ASSAY_PURPOSE_TLS,
                                assay_slice_over((const uint8_t *)name, strlen(name)));
}

/* The host receives the list, and declares its root. */
static void issue(uint8_t root[static 32])
{
    uint8_t list[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_declared_keys keys;
    uint32_t at = 0;
    const size_t len = registrations_issue(&r, list);
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(list, len), &keys), ASSAY_OK);
    cr_assert_eq(keys.count, r.count);
    cr_assert_eq(assay_declared_keys_verify(chain_id, node_id, &keys, &at), ASSAY_OK);
    assay_declared_keys_root(&keys, root);
}

Test(registrations, the_list_that_the_host_received_is_bound_in_whatever_order_keys_came)
{
    uint8_t root[32], none[32];
    cr_assert_eq(add("web", 1), ASSAY_OK);
    cr_assert_eq(add("api", 2), ASSAY_OK);
    cr_assert_eq(add("api-2", 3), ASSAY_OK);
    issue(root);
    assay_declared_keys_no_root(none);
    cr_assert_not(assay_bytes_equal(root, none, 32));
    cr_expect(binds(root));
}

Test(registrations, nothing_is_registered_before_network_and_member_are_known)
{
    registrations_init(&r, &users, boot);
    cr_expect_eq(add("api", 1), ASSAY_E_AGAIN);
    cr_expect_eq(r.count, 0);
}

Test(registrations, a_key_that_another_member_or_network_may_list_is_refused)
{
    struct key_sample s;
    key_sample_make(&s, "api", 1, chain_id, other_id, boot);
    cr_expect_eq(add_as(7, &s), ASSAY_E_SIGNATURE);
    key_sample_make(&s, "api", 1, other_id, node_id, boot);
    cr_expect_eq(add_as(7, &s), ASSAY_E_SIGNATURE);
    cr_expect_eq(r.count, 0);
}

/* The ledger has the entries of earlier boots, with proofs that are good for ever. */
Test(registrations, the_entry_of_another_boot_is_not_registered_without_its_key)
{
    struct key_sample s;
    key_sample_make(&s, "api", 1, chain_id, node_id, other_boot);
    cr_expect_eq(add_as(7, &s), ASSAY_E_STALE);
    cr_expect_eq(registrations_add(&r, 7, s.entry, s.key.proof, now_ms), ASSAY_E_STALE);
    cr_expect_eq(r.count, 0);
}

Test(registrations, a_program_proves_nothing_for_a_ledger_when_it_registers)
{
    uint8_t challenge[32], again[32];
    registrations_challenge(chain_id, boot, challenge);
    registrations_challenge(chain_id, other_boot, again);
    cr_expect_not(assay_bytes_equal(challenge, again, 32));
    registrations_challenge(other_id, boot, again);
    cr_expect_not(assay_bytes_equal(challenge, again, 32));
    struct key_sample s;
    key_sample_make(&s, "api", 1, chain_id, node_id, boot);
    s.key.proof = key_sample_boot_proof(&s);
    cr_expect_eq(assay_declared_key_verify(chain_id, node_id, &s.key), ASSAY_E_SIGNATURE);
}

/* The attacker has a key with a good proof, and the voting key that declares it. */
Test(registrations, a_root_that_the_host_hands_in_is_not_bound)
{
    struct key_sample s;
    struct assay_declared_keys keys;
    uint8_t root[32];
    key_sample_make(&s, "api", 9, chain_id, node_id, boot);
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(s.list, s.entry.len + 1), &keys),
                 ASSAY_OK);
    assay_declared_keys_root(&keys, root);
    cr_expect_not(binds(root));
    cr_assert_eq(add("api", 1), ASSAY_OK);
    cr_expect_not(binds(root));
}

Test(registrations, a_list_stays_bound_while_its_keys_are_registered)
{
    uint8_t first[32], second[32], third[32];
    cr_assert_eq(add("api", 1), ASSAY_OK);
    issue(first);
    cr_assert_eq(add("web", 2), ASSAY_OK);
    issue(second);
    cr_expect(binds(first), "its keys are all there");
    cr_expect(binds(second));
    cr_assert_eq(withdraw(7, "web"), ASSAY_OK);
    epoch += REGISTRATIONS_WITHDRAWN_EPOCHS + 1;
    cr_expect(binds(first));
    cr_expect_not(binds(second));
    cr_assert_eq(withdraw(7, "api"), ASSAY_OK);
    cr_assert_eq(add("api", 3), ASSAY_OK);
    issue(third);
    epoch += REGISTRATIONS_WITHDRAWN_EPOCHS + 1;
    cr_expect_not(binds(first), "another key has its name");
    cr_expect(binds(third));
}

/* The host receives the next list with the statement of the next epoch, and declares it for the
 * one after that, or one later. */
Test(registrations, a_withdrawal_ends_no_other_key)
{
    uint8_t declared[32], issued[32];
    cr_assert_eq(add("api", 1), ASSAY_OK);
    cr_assert_eq(add("k0", 100), ASSAY_OK);
    issue(declared);
    for (uint8_t i = 1; i < 20; i++) {
        char name[8], last[8];
        const bool is_late = i % 3 == 0; /* this declaration is not final in its epoch */
        (void)snprintf(name, sizeof name, "k%u", i);
        (void)snprintf(last, sizeof last, "k%u", i - 1U);
        cr_assert_eq(withdraw(7, last), ASSAY_OK);
        cr_assert_eq(add(name, (uint8_t)(100 + i)), ASSAY_OK);
        for (int k = 0; k < 1 + is_late; k++) {
            epoch++;
            cr_expect(binds(declared), "rotation %u", i);
            issue(issued);
        }
        assay_bytes_copy(declared, 32, issued, 32);
    }
}

/* Attack: a program of another user registers a key and withdraws it in each epoch, so the member
 * declares often, and 18 members that do so as well leave its records no place (docs/protocol.md
 * 2.16.2): the ledger takes the next list when four epochs have passed since the list in force
 * came, or one later. All keys would end, db too. */
Test(registrations, a_withdrawal_ends_no_other_key_of_a_member_that_declares_often)
{
    uint8_t declared[32], issued[32];
    struct key_sample s;
    cr_assert_eq(add("db", 1), ASSAY_OK);
    key_sample_make(&s, "k0", 100, chain_id, node_id, boot);
    cr_assert_eq(add_as(8, &s), ASSAY_OK);
    issue(declared);
    for (uint8_t turn = 0, i = 0; turn < 6; turn++) {
        const int waits = ASSAY_KEYS_AGAIN_EPOCHS + 1 + (turn % 2);
        for (int k = 0; k < waits; k++, i++) {
            char name[8], last[8];
            (void)snprintf(name, sizeof name, "k%u", i + 1U);
            (void)snprintf(last, sizeof last, "k%u", (unsigned)i);
            cr_assert_eq(withdraw(8, last), ASSAY_OK);
            key_sample_make(&s, name, (uint8_t)(101 + i), chain_id, node_id, boot);
            now_ms += REGISTRATIONS_USER_EACH_MS;
            cr_assert_eq(add_as(8, &s), ASSAY_OK);
            epoch++;
            cr_expect(binds(declared), "turn %u, epoch %d", turn, k);
            issue(issued);
        }
        assay_bytes_copy(declared, 32, issued, 32);
    }
}

/* Attack: a program of another user registers one key in each of seven epochs and withdraws all of
 * them: the host receives the list of before once more, at its old place among the eight. The next
 * list then takes this place, though the ledger names the list for as long as the declaration of
 * the next one is not final. No key of that list was withdrawn. */
Test(registrations, the_list_that_the_host_received_last_is_not_the_first_that_is_forgotten)
{
    uint8_t declared[32], issued[32];
    char name[8];
    struct key_sample s;
    cr_assert_eq(add("db", 1), ASSAY_OK);
    issue(declared);
    for (unsigned i = 1; i < REGISTRATIONS_LISTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "k%u", i);
        key_sample_make(&s, name, (uint8_t)(10 + i), chain_id, node_id, boot);
        cr_assert_eq(add_as(8, &s), ASSAY_OK);
        epoch++;
        cr_assert(binds(declared));
        issue(declared);
    }
    for (unsigned i = 1; i < REGISTRATIONS_LISTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "k%u", i);
        cr_assert_eq(withdraw(8, name), ASSAY_OK);
    }
    epoch++;
    cr_assert(binds(declared), "six epochs more");
    issue(declared); /* db alone, as at first */
    key_sample_make(&s, "more", 99, chain_id, node_id, boot);
    cr_assert_eq(add_as(8, &s), ASSAY_OK);
    epoch++;
    cr_assert(binds(declared));
    issue(issued); /* its declaration is not final in this epoch */
    cr_expect(binds(declared), "a second quote of the epoch");
    epoch++;
    cr_expect(binds(declared), "the user of db withdrew nothing");
}

Test(registrations, after_the_last_withdrawal_no_list_is_bound)
{
    uint8_t both[32], one[32];
    cr_assert_eq(add("api", 1), ASSAY_OK);
    issue(one);
    cr_assert_eq(add("web", 2), ASSAY_OK);
    issue(both);
    cr_assert_eq(withdraw(7, "web"), ASSAY_OK);
    cr_expect(binds(both));
    cr_assert_eq(withdraw(7, "api"), ASSAY_OK);
    cr_expect_not(binds(both));
    cr_expect_not(binds(one));
}

Test(registrations, a_list_with_a_withdrawn_key_is_bound_six_epochs_more_and_never_again)
{
    uint8_t lists[3][32];
    cr_assert_eq(add("api", 1), ASSAY_OK);
    issue(lists[0]);
    for (uint8_t i = 1; i < 3; i++) {
        cr_assert_eq(add(i == 1 ? "web" : "db", (uint8_t)(i + 1)), ASSAY_OK);
        issue(lists[i]);
    }
    cr_assert_eq(withdraw(7, "api"), ASSAY_OK);
    epoch += 1;
    cr_expect(binds(lists[0]));
    cr_assert_eq(withdraw(7, "web"), ASSAY_OK); /* what has both keys ends with the first */
    epoch += REGISTRATIONS_WITHDRAWN_EPOCHS - 1;
    for (int i = 0; i < 3; i++)
        cr_expect(binds(lists[i]), "%d", i);
    for (int later = 0; later < 12; later++) {
        epoch += 1;
        for (int i = 0; i < 3; i++)
            cr_expect_not(binds(lists[i]), "%d", i);
    }
}

/* Statements of a host that jumps back, to another era or to another ledger: it would choose when
 * the six epochs are. */
Test(registrations, a_host_that_makes_epochs_up_has_no_list_with_a_withdrawn_key_bound)
{
    static const uint8_t other_beacon[32] = { 60 };
    for (int lie = 0; lie < 3; lie++) {
        uint8_t root[32], report_data[64];
        set_up();
        cr_assert_eq(add("db", 2), ASSAY_OK);
        cr_assert_eq(add("api", 1), ASSAY_OK);
        issue(root);
        cr_assert_eq(withdraw(7, "api"), ASSAY_OK);
        const struct assay_binding binding = { chain_id,
                                               lie == 0,
                                               lie == 1 ? epoch - 1 : epoch,
                                               lie == 2 ? other_beacon : beacon,
                                               node_id,
                                               1,
                                               voting,
                                               transport,
                                               root };
        cr_assert(binds(root));
        cr_assert_eq(registrations_state(&r, &binding, report_data), ASSAY_OK);
        cr_expect_not(binds(root), "lie %d", lie);
    }
}

/* With the same entry: Ed25519 makes one proof. */
Test(registrations, a_key_that_is_registered_again_is_bound_on)
{
    struct key_sample s;
    uint8_t first[32], again[32];
    key_sample_make(&s, "api", 1, chain_id, node_id, boot);
    cr_assert_eq(add("db", 3), ASSAY_OK);
    cr_assert_eq(add_as(7, &s), ASSAY_OK);
    issue(first);
    cr_assert_eq(withdraw(7, "api"), ASSAY_OK);
    cr_assert_eq(add_as(7, &s), ASSAY_OK);
    epoch++;
    issue(again);
    cr_assert(assay_bytes_equal(first, again, 32));
    cr_assert_eq(add("web", 2), ASSAY_OK);
    for (int i = 0; i < 6; i++) {
        epoch++;
        cr_expect(binds(first), "%d", i);
    }
}

Test(registrations, an_enclave_that_restarted_binds_none_until_its_keys_are_registered_again)
{
    struct key_sample s;
    uint8_t root[32];
    key_sample_make(&s, "api", 1, chain_id, node_id, boot);
    cr_assert_eq(add_as(7, &s), ASSAY_OK);
    issue(root);
    registrations_init(&r, &users, other_boot);
    cr_expect_not(binds(root));
    cr_expect_eq(add_as(7, &s), ASSAY_E_STALE);
    cr_expect_not(binds(root));
    key_sample_make(&s, "api", 1, chain_id, node_id, other_boot);
    cr_expect_eq(add_as(7, &s), ASSAY_OK);
    cr_expect(binds(root), "the declared list is that of now");
}

Test(registrations, a_key_registered_twice_is_one_and_its_name_is_taken)
{
    uint8_t root[32], again[32];
    struct key_sample s;
    key_sample_make(&s, "api", 1, chain_id, node_id, boot);
    cr_assert_eq(add_as(7, &s), ASSAY_OK);
    issue(root);
    cr_expect_eq(add_as(7, &s), ASSAY_OK);
    cr_expect_eq(add_as(8, &s), ASSAY_E_DUPLICATE, "of another user");
    cr_expect_eq(add("api", 2), ASSAY_E_DUPLICATE);
    issue(again);
    cr_expect_eq(r.count, 1);
    cr_expect(assay_bytes_equal(root, again, 32));
}

Test(registrations, a_user_withdraws_its_own_keys_alone)
{
    cr_assert_eq(add("api", 1), ASSAY_OK);
    cr_expect_eq(withdraw(8, "api"), ASSAY_E_STRANGER);
    cr_expect_eq(withdraw(7, "web"), ASSAY_E_NOT_FOUND);
    cr_expect_eq(
        registrations_remove(&r, 7, ASSAY_PURPOSE_SSH, assay_slice_over((const uint8_t *)"api", 3)),
        ASSAY_E_NOT_FOUND);
    cr_expect_eq(r.count, 1);
    cr_expect_eq(withdraw(7, "api"), ASSAY_OK);
    cr_expect_eq(r.count, 0);
}

Test(registrations, no_more_keys_than_a_list_may_have)
{
    char name[8];
    for (unsigned i = 0; i < ASSAY_DECLARED_KEYS_MAX; i++) {
        (void)snprintf(name, sizeof name, "k%u", i);
        cr_assert_eq(add(name, (uint8_t)(i + 1)), ASSAY_OK);
    }
    cr_expect_eq(add("more", 99), ASSAY_E_FULL);
    uint8_t root[32];
    issue(root);
    cr_expect(binds(root));
}

/* Each costs two verifications: who floods has none left, whatever its requests are. */
Test(registrations, a_flood_has_no_more_tries_than_time_gives)
{
    static const uint8_t nothing;
    const struct assay_slice bad = assay_slice_over(&nothing, 0);
    for (unsigned i = 0; i < REGISTRATIONS_BURST; i++)
        cr_assert_neq(registrations_add(&r, 7, bad, bad, now_ms), ASSAY_E_RATE, "%u", i);
    cr_expect_eq(registrations_add(&r, 7, bad, bad, now_ms), ASSAY_E_RATE);
    cr_expect_eq(registrations_add(&r, 7, bad, bad, now_ms - 1000), ASSAY_E_RATE, "clock set back");
    now_ms = now_ms - 1000 + REGISTRATIONS_EACH_MS;
    cr_expect_neq(registrations_add(&r, 7, bad, bad, now_ms), ASSAY_E_RATE);
    cr_expect_eq(registrations_add(&r, 7, bad, bad, now_ms), ASSAY_E_RATE);
    now_ms += 1000 * REGISTRATIONS_EACH_MS;
    for (unsigned i = 0; i < REGISTRATIONS_BURST; i++)
        cr_assert_neq(registrations_add(&r, 7, bad, bad, now_ms), ASSAY_E_RATE, "%u", i);
    cr_expect_eq(registrations_add(&r, 7, bad, bad, now_ms), ASSAY_E_RATE);
}

/* --- users */

Test(registrations, one_user_has_no_more_than_half_of_the_keys)
{
    struct key_sample s;
    char name[8];
    for (unsigned i = 0; i < REGISTRATIONS_USER_KEYS; i++) {
        (void)snprintf(name, sizeof name, "k%u", i);
        key_sample_make(&s, name, (uint8_t)(i + 1), chain_id, node_id, boot);
        cr_assert_eq(add_as(8, &s), ASSAY_OK);
    }
    key_sample_make(&s, "more", 99, chain_id, node_id, boot);
    cr_expect_eq(add_as(8, &s), ASSAY_E_FULL);
    cr_expect_eq(add_as(9, &s), ASSAY_OK, "another user");
    for (unsigned i = 0; r.count < ASSAY_DECLARED_KEYS_MAX; i++) {
        (void)snprintf(name, sizeof name, "own%u", i);
        cr_assert_eq(add(name, (uint8_t)(50 + i)), ASSAY_OK, "the enclave's user");
    }
    cr_expect_eq(withdraw(8, "k3"), ASSAY_OK);
    key_sample_make(&s, "k3", 98, chain_id, node_id, boot);
    cr_expect_eq(add_as(8, &s), ASSAY_OK);
}

Test(registrations, one_user_has_no_more_than_half_of_the_attempts)
{
    static const uint8_t nothing;
    const struct assay_slice bad = assay_slice_over(&nothing, 0);
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 100; i++)
            cr_expect_eq(registrations_add(&r, 8, bad, bad, now_ms) == ASSAY_E_RATE,
                         i >= REGISTRATIONS_USER_BURST, "%u", i);
        for (unsigned i = 0; i < REGISTRATIONS_BURST - REGISTRATIONS_USER_BURST; i++)
            cr_expect_neq(registrations_add(&r, 9, bad, bad, now_ms), ASSAY_E_RATE, "%u", i);
        cr_expect_eq(registrations_add(&r, 10, bad, bad, now_ms), ASSAY_E_RATE, "all are used up");
        for (unsigned i = 0; i < 100; i++)
            cr_expect_eq(registrations_add(&r, 7, bad, bad, now_ms) == ASSAY_E_RATE,
                         i >= REGISTRATIONS_BURST, "the enclave's own: %u", i);
        now_ms += REGISTRATIONS_BURST * REGISTRATIONS_EACH_MS;
    }
    now_ms += REGISTRATIONS_USER_EACH_MS;
    for (unsigned i = 0; i < REGISTRATIONS_USERS_MAX + 4; i++) {
        cr_expect_neq(registrations_add(&r, 100 + i, bad, bad, now_ms), ASSAY_E_RATE, "%u", i);
        now_ms += REGISTRATIONS_EACH_MS;
    }
}

/* Attack: after a restart of the enclave two users are faster than the others. */
Test(registrations, two_users_keep_no_reserved_name_and_not_the_enclaves_user_from_registering)
{
    static const uint8_t nothing;
    const struct assay_slice bad = assay_slice_over(&nothing, 0);
    struct registration_users own = users;
    struct key_sample s;
    uint8_t none[32];
    char name[8];
    assay_declared_keys_no_root(none);
    cr_assert_eq(registration_users_add(&own, "signer=1001"), ASSAY_OK);
    registrations_init(&r, &own, boot);
    cr_assert(binds(none));
    for (unsigned i = 0; i < ASSAY_DECLARED_KEYS_MAX; i++) {
        (void)snprintf(name, sizeof name, "k%u", i);
        key_sample_make(&s, name, (uint8_t)(i + 1), chain_id, node_id, boot);
        cr_assert_neq(add_as(8 + i % 2, &s), ASSAY_E_DUPLICATE);
    }
    key_sample_make(&s, "signer", 97, chain_id, node_id, boot);
    cr_expect_eq(add_as(1001, &s), ASSAY_OK, "its name is reserved");
    for (int i = 0; i < 4 * REGISTRATIONS_BURST; i++) /* two users, each as often as it may */
        cr_assert_neq(registrations_add(&r, 8 + (uint32_t)(i % 2), bad, bad, now_ms), ASSAY_OK);
    key_sample_make(&s, "own", 98, chain_id, node_id, boot);
    cr_expect_neq(registrations_add(&r, 7, s.entry, key_sample_boot_proof(&s), now_ms),
                  ASSAY_E_RATE, "the enclave's own");
}

Test(registrations, a_reserved_name_is_of_its_user_alone)
{
    struct registration_users own = users;
    struct key_sample s;
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    cr_assert_eq(registration_users_add(&own, "signer=1001"), ASSAY_OK);
    cr_assert_eq(registration_users_add(&own, "api=0"), ASSAY_OK);
    registrations_init(&r, &own, boot);
    cr_assert(binds(none));
    key_sample_make(&s, "signer", 1, chain_id, node_id, boot);
    cr_expect_eq(add_as(7, &s), ASSAY_E_STRANGER, "the enclave's user neither");
    cr_expect_eq(add_as(1001, &s), ASSAY_OK);
    key_sample_make(&s, "api", 2, chain_id, node_id, boot);
    cr_expect_eq(add_as(1001, &s), ASSAY_E_STRANGER);
    cr_expect_eq(add_as(0, &s), ASSAY_OK);
    key_sample_make(&s, "api-2", 3, chain_id, node_id, boot);
    cr_expect_eq(add_as(8, &s), ASSAY_OK, "any other name");
}

Test(registrations, names_of_users_are_read_exactly)
{
    static const char *const bad[] = { "",
                                       "api",
                                       "=5",
                                       "api=",
                                       "api=-1",
                                       "api=1 ",
                                       "API=1",
                                       "api=0x1",
                                       "api=4294967295",
                                       "node=1",
                                       "a.b=1",
                                       "api=1=2",
                                       "api=99999999999999999999" };
    struct registration_users own = { .owner = 7 };
    char text[16];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(registration_users_add(&own, bad[i]), ASSAY_E_RANGE, "%s", bad[i]);
    cr_expect_eq(own.count, 0);
    cr_expect_eq(registration_users_add(&own, "api=4294967294"), ASSAY_OK);
    cr_expect_eq(own.reserved[0].uid, 4294967294U);
    cr_expect_eq(registration_users_add(&own, "api=5"), ASSAY_E_DUPLICATE);
    for (unsigned i = 1; i < REGISTRATIONS_RESERVED_MAX; i++) {
        (void)snprintf(text, sizeof text, "k%u=%u", i, i);
        cr_expect_eq(registration_users_add(&own, text), ASSAY_OK);
    }
    cr_expect_eq(registration_users_add(&own, "more=1"), ASSAY_E_FULL);
}

Test(registrations, a_statement_of_another_member_or_network_is_not_made)
{
    uint8_t report_data[64], none[32];
    assay_declared_keys_no_root(none);
    cr_expect_eq(state_as(chain_id, other_id, none, report_data), ASSAY_E_CHAIN);
    cr_expect_eq(state_as(other_id, node_id, none, report_data), ASSAY_E_CHAIN);
    cr_expect_eq(add("api", 1), ASSAY_OK, "it is still this member");
}

Test(registrations, truncated_and_overlong_requests_register_nothing)
{
    struct key_sample s;
    uint8_t longer[ASSAY_DECLARED_KEY_LEN_MAX + 8] = { 0 };
    key_sample_make(&s, "api", 1, chain_id, node_id, boot);
    for (size_t cut = 0; cut < s.entry.len; cut++) {
        now_ms += REGISTRATIONS_EACH_MS;
        cr_assert_neq(registrations_add(&r, 7, assay_slice_over(s.entry.bytes, cut),
                                        key_sample_boot_proof(&s), now_ms),
                      ASSAY_OK);
    }
    for (size_t cut = 0; cut < 64; cut++) {
        now_ms += REGISTRATIONS_EACH_MS;
        cr_assert_eq(registrations_add(&r, 7, s.entry, assay_slice_over(s.boot_proof, cut), now_ms),
                     ASSAY_E_RANGE);
    }
    assay_bytes_copy(longer, sizeof longer, s.entry.bytes, s.entry.len);
    for (size_t len = s.entry.len + 1; len <= sizeof longer; len++) {
        now_ms += REGISTRATIONS_EACH_MS;
        cr_assert_neq(registrations_add(&r, 7, assay_slice_over(longer, len),
                                        key_sample_boot_proof(&s), now_ms),
                      ASSAY_OK);
    }
    cr_expect_eq(r.count, 0);
}
