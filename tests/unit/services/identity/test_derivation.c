/*
 * tests/unit/services/identity/test_derivation.c - tests of what a holder of the group key signs:
 * whatever a request or its daemon shows, what the verified ledger says now (docs/identity.md 4).
 *
 * Attacks 19 to 22 of its design: bytes of the text from the request, an old ledger, leaves without
 * a path, an epoch that is not the newest.
 */
#include "net/services/identity/derivation.h"
#include "tests/support/services/identity_plan.h"
#include "tests/unit/services/identity/boundary_maker.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { FIRST = 3, OWNER = 2, OTHER = 1, ITEM_LEN = MAKER_PROOF_LEN + 2048, KEYS = 3 };

static const uint8_t chain[32] = { 7 };
static struct boundary_maker *maker;
static struct assay_keyholder_proof *proof;
static struct assay_registry *registry;
static struct assay_registry_facts *facts;
static struct assay_derivation d;
static struct assay_registry_plan *plan; /* as the daemon shows it */

/* A list of the owner: api (TLS), login (token of two audiences), root (SSH). */
struct list {
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX], root[32];
    struct assay_declared_keys keys;
};
static struct list list, fewer;
static struct assay_derivation_item item;
static uint8_t proof_bytes[MAKER_PROOF_LEN], tbs[ASSAY_CREDENTIAL_TBS_MAX];
static struct assay_cosigner_item out;

static struct assay_slice text(const char *from)
{
    size_t len = 0;
    while (from[len] != '\0')
        len++;
    return assay_slice_over(from, len);
}

static struct assay_declared_key key_of(enum assay_declared_purpose purpose, const char *name)
{
    static const uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b,
                                      0x65, 0x70, 0x03, 0x21, 0x00, 9 };
    static const uint8_t signature[64] = { 1 }; /* the network verified it before it had a root */
    return (struct assay_declared_key){ .purpose = purpose,
                                        .name = text(name),
                                        .spki = assay_slice_over(spki, sizeof spki),
                                        .proof = assay_slice_over(signature, sizeof signature) };
}

static void make_list(struct list *l, const struct assay_declared_key *keys, uint32_t count)
{
    struct assay_writer w = assay_writer_over(l->bytes, sizeof l->bytes);
    cr_assert_eq(assay_declared_keys_encode(keys, count, &w), ASSAY_OK);
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(l->bytes, w.len), &l->keys), ASSAY_OK);
    assay_declared_keys_root(&l->keys, l->root);
}

static struct assay_derivation_entry entry_of(const struct list *l, uint32_t place)
{
    struct assay_derivation_entry e = { .entry = l->keys.entries[place],
                                        .place = place,
                                        .count = l->keys.count };
    uint8_t hashes[ASSAY_DECLARED_KEYS_MAX][32];
    size_t len = 0;
    for (uint32_t i = 0; i < l->keys.count; i++)
        assay_merkle_leaf_hash(l->keys.entries[i].bytes, l->keys.entries[i].len, hashes[i]);
    cr_assert_eq(assay_merkle_path((const uint8_t(*)[32])hashes, l->keys.count, place, e.path,
                                   ASSAY_DERIVATION_PATH_MAX, &len),
                 ASSAY_OK);
    e.path_len = (uint32_t)len;
    return e;
}

/* The fold of a test is in force from epoch FIRST on; no ceremony made it. */
static struct assay_ca *fold(void)
{
    union {
        const struct assay_ca *read;
        struct assay_ca *write;
    } ca = { .read = assay_registry_identity(registry) };
    return ca.write;
}

static void make_registry(void)
{
    plan = calloc(1, sizeof *plan);
    identity_plan_set(plan, 64);
    /* `api` at WARNING, `login` at FULL; another name that no list has. */
    plan->identity.grant_count = 3;
    for (uint32_t k = 0; k < 3; k++) {
        struct assay_plan_grant *grant = &plan->identity.grant[k];
        *grant = (struct assay_plan_grant){ .needs_full = k == 1, .reference_count = 1 };
        assay_bytes_copy(grant->name, sizeof grant->name,
                         k == 0   ? "api"
                         : k == 1 ? "login"
                                  : "web",
                         k == 1 ? 6 : 4);
        grant->reference[0] =
            (struct assay_plan_reference){ .value_len = 32, .value = { (uint8_t)(7 + k) } };
    }
    const size_t len = (assay_registry_size(plan) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, len);
    cr_assert_eq(assay_registry_init(memory, len, plan, chain, &registry), ASSAY_OK);
    assay_registry_set_era(registry, 1);
    fold()->ca_number = 4;
    fold()->since = FIRST;
    for (int i = 0; i < 32; i++) /* the base point */
        fold()->key[i] = i == 0 ? 0x58 : 0x66;
}

/* The next epoch closes and is verified. In it the owner passed, and its keys were bound. */
static void close_epoch(bool certified)
{
    const uint64_t epoch = assay_keyholder_proof_at(proof)->epoch + 1;
    struct assay_service_message m, answer = { .verb = ASSAY_SERVICE_PROOF };
    struct assay_registry_member member = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                            .certified = true };
    struct assay_fault fault;
    assay_registry_close_epoch(registry, epoch, &member, 1, facts, NULL, NULL);
    boundary_maker_close(maker, registry, certified, MAKER_VOTERS);
    while (assay_keyholder_proof_next(proof, epoch, &m)) {
        boundary_maker_answer(maker, &m, &answer);
        cr_assert_eq(assay_keyholder_proof_on_answer(proof, &answer, MAKER_TIME_MS, &fault),
                     ASSAY_OK, "%s", fault.what);
    }
}

static void pass_keys(uint64_t epoch)
{
    struct assay_member *owner = boundary_maker_member(maker, OWNER);
    owner->pass_epoch = owner->declaration.keys_epoch = epoch;
    assay_bytes_copy(owner->declaration.keys_root, 32, list.root, 32);
}

static enum assay_status open_epoch(void)
{
    return assay_derivation_open(&d, proof, fold(), plan);
}

/* In memory that is no longer than the item. */
static enum assay_status derive(void)
{
    static uint8_t bytes[ITEM_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_derivation_encode(&item, &w), ASSAY_OK);
    return assay_derivation_derive(&d, assay_slice_over(bytes, w.len), tbs, sizeof tbs, &out);
}

static void expect_refused(enum assay_derivation_reason reason, const char *what)
{
    cr_expect_neq(derive(), ASSAY_OK, "%s", what);
    cr_expect_eq(d.reason, reason, "%s: %s", what, assay_derivation_reason_text(d.reason));
}

static void take_proof(uint32_t slot)
{
    item.proof = boundary_maker_proof(maker, slot, true, proof_bytes);
}

static void set_up(void)
{
    struct assay_checkpoint from;
    struct assay_declared_key keys[KEYS] = { key_of(ASSAY_PURPOSE_TLS, "api"),
                                             key_of(ASSAY_PURPOSE_TOKEN, "login"),
                                             key_of(ASSAY_PURPOSE_SSH, "root") };
    keys[1].audience_count = 2;
    keys[1].audiences[0] = text("https://a.example");
    keys[1].audiences[1] = text("https://b.example");
    make_list(&list, keys, KEYS);
    keys[1].audience_count = 1;
    make_list(&fewer, keys + 1, 1);
    maker = boundary_maker_new(chain, 1);
    facts = calloc(1, sizeof *facts);
    make_registry();
    boundary_maker_checkpoint(maker, &from);
    cr_assert_eq(assay_keyholder_proof_create(&from, &proof), ASSAY_OK);
    for (uint64_t epoch = 1; epoch <= FIRST; epoch++) {
        struct assay_member *owner = boundary_maker_member(maker, OWNER);
        if (epoch == 2) assay_declaration_set(&owner->declaration, 2, list.root);
        if (epoch >= 2) pass_keys(epoch);
        close_epoch(true);
    }
    cr_assert_eq(open_epoch(), ASSAY_OK);
    item = (struct assay_derivation_item){ .product = ASSAY_CREDENTIAL_LEAF,
                                           .listed = entry_of(&list, 0) };
    take_proof(OWNER);
}

static void tear_down(void)
{
    assay_keyholder_proof_destroy(&proof);
    boundary_maker_free(maker);
    free(registry);
    free(facts);
    free(plan);
}

TestSuite(derivation, .init = set_up, .fini = tear_down);

/* The state that the ledger names, as literal fields: each has another value. */
static void expected_state(struct assay_credential_state *state)
{
    const struct assay_checkpoint *at = assay_keyholder_proof_at(proof);
    const struct assay_member *owner = boundary_maker_member(maker, OWNER);
    *state = (struct assay_credential_state){ .era = 1,
                                              .epoch = FIRST,
                                              .time_ms = at->time_ms,
                                              .incarnation = 1,
                                              .standing = ASSAY_CREDENTIAL_FULL,
                                              .score_bp = 9100,
                                              .evidence_kind = 3 };
    assay_bytes_copy(state->block_id, 32, at->id, 32);
    assay_bytes_copy(state->node_id, 32, owner->node_id, 32);
    assay_sha256(item.proof.bytes, item.proof.len, state->proof_digest);
}

static void close_with_values(void)
{
    struct assay_member *owner = boundary_maker_member(maker, OWNER);
    owner->trust.integrity_bp = 9500;
    owner->trust.availability_bp = 9100;
    owner->evidence_kind = 3;
    pass_keys(FIRST + 1);
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    take_proof(OWNER);
}

/* --- a daemon that shows another plan */

Test(derivation, no_daemon_chooses_domain_issuer_validity_names_or_the_mark_insecure)
{
    for (unsigned what = 0; what < 6; what++) {
        struct assay_registry_plan shown = *plan;
        struct assay_registry_plan *const known = plan;
        if (what == 0) shown.identity.trust_domain[0] = 'n';
        if (what == 1) shown.identity.issuer[8] = 'j';
        if (what == 2) shown.identity.validity_s += 1;
        if (what == 3) shown.identity.insecure = true;
        if (what == 4)
            shown.identity.grant[shown.identity.grant_count++] =
                (struct assay_plan_grant){ .name = "admin",
                                           .reference_count = 1,
                                           .reference = { { .field = 1, .value_len = 32 } } };
        if (what == 5) shown.identity.refresh += 1;
        plan = &shown;
        cr_expect_eq(open_epoch(), ASSAY_E_STALE, "%u", what);
        cr_expect_not(d.is_open);
        plan = known;
    }
    cr_expect_eq(open_epoch(), ASSAY_OK);
}

/* --- attack 19: bytes of the text from the request */

Test(derivation, the_text_is_a_function_of_the_ledger_alone)
{
    uint8_t expected[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice made;
    struct assay_credential_state state;
    struct assay_credential_entry entry = { .purpose = ASSAY_CREDENTIAL_PURPOSE_TLS,
                                            .name = text("api"),
                                            .spki = list.keys.keys[0].spki };
    struct assay_credential_ca ca = { .trust_domain = text("mesh.example"),
                                      .issuer = text("https://id.mesh.example"),
                                      .number = 4,
                                      .validity_s = 900 };
    close_with_values();
    assay_bytes_copy(ca.chain_id, 32, chain, 32);
    assay_bytes_copy(ca.public_key, 32, fold()->key, 32);
    expected_state(&state);
    state.epoch = FIRST + 1;
    assay_sha256(list.keys.entries[0].bytes, list.keys.entries[0].len, entry.digest);
    cr_assert_eq(derive(), ASSAY_OK, "%s", assay_derivation_reason_text(d.reason));
    cr_assert_eq(assay_credential_leaf_tbs(&ca, &state, &entry, expected, sizeof expected, &made),
                 ASSAY_OK);
    cr_expect(assay_slice_equal(out.tbs, made));
    cr_expect_not(out.is_bearer);
    cr_expect_arr_eq(out.subject, state.node_id, 32);
    cr_expect_arr_eq(out.entry_digest, entry.digest, 32);
    item.product = ASSAY_CREDENTIAL_EAR;
    item.listed = (struct assay_derivation_entry){ .count = 0 };
    cr_assert_eq(derive(), ASSAY_OK, "%s", assay_derivation_reason_text(d.reason));
    cr_assert_eq(assay_credential_ear(&ca, &state, expected, sizeof expected, &made), ASSAY_OK);
    cr_expect(assay_slice_equal(out.tbs, made));
    cr_expect_not(out.is_bearer);
}

Test(derivation, a_token_is_for_one_audience_of_its_entry_and_a_bearer_secret)
{
    item.product = ASSAY_CREDENTIAL_TOKEN;
    item.listed = entry_of(&list, 1);
    uint8_t first[ASSAY_CREDENTIAL_TBS_MAX];
    cr_assert_eq(derive(), ASSAY_OK, "%s", assay_derivation_reason_text(d.reason));
    cr_expect(out.is_bearer);
    cr_expect(assay_signing_is_token(out.tbs));
    const struct assay_slice of_first = assay_slice_over(first, out.tbs.len);
    assay_bytes_copy(first, sizeof first, out.tbs.bytes, out.tbs.len);
    item.audience = 1;
    cr_assert_eq(derive(), ASSAY_OK);
    cr_expect_not(assay_slice_equal(out.tbs, of_first));
    item.audience = 2;
    expect_refused(ASSAY_DERIVATION_NO_AUDIENCE, "a third audience");
}

/* --- attack 28: the name of a service that is not its own */

/* The leaf has the k-th name with these reference values. */
static void grant(const struct assay_plan_grant *name)
{
    struct assay_declaration *d_ = &boundary_maker_member(maker, OWNER)->declaration;
    d_->grant_count = name != NULL;
    assay_bytes_zero(d_->grants, sizeof d_->grants);
    if (name != NULL) assay_registry_plan_name_digest(name, d_->grants[0]);
}

static bool has(struct assay_slice bytes, const char *part)
{
    const struct assay_slice wanted = text(part);
    for (size_t i = 0; i + wanted.len <= bytes.len; i++)
        if (assay_bytes_equal(bytes.bytes + i, wanted.bytes, wanted.len)) return true;
    return false;
}

/* Whether the next epoch's certificate of `api` is that of a service. */
static bool is_service(const struct assay_plan_grant *name, enum assay_standing standing)
{
    grant(name);
    pass_keys(assay_keyholder_proof_at(proof)->epoch + 1);
    boundary_maker_member(maker, OWNER)->trust.score.standing = standing;
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    take_proof(OWNER);
    cr_assert_eq(derive(), ASSAY_OK, "%s", assay_derivation_reason_text(d.reason));
    const bool of_service = has(out.tbs, "spiffe://mesh.example/svc/api");
    cr_expect_eq(has(out.tbs, "spiffe://mesh.example/node/"), !of_service);
    return of_service;
}

Test(derivation, a_name_is_that_of_a_service_where_plan_and_leaf_grant_it)
{
    const struct assay_plan_grant *const names = plan->identity.grant;
    struct assay_plan_grant other = names[0];
    cr_expect_not(is_service(NULL, ASSAY_STANDING_FULL), "the plan alone");
    cr_expect(is_service(&names[0], ASSAY_STANDING_FULL));
    cr_expect(is_service(&names[0], ASSAY_STANDING_WARNING));
    cr_expect_not(is_service(&names[1], ASSAY_STANDING_FULL), "another name of the leaf");
    cr_expect_not(is_service(&names[2], ASSAY_STANDING_FULL), "a name that no entry has");
    other.reference[0].value[0] ^= 1;
    cr_expect_not(is_service(&other, ASSAY_STANDING_FULL), "by other reference values");
    other = names[0];
    other.needs_full = true;
    cr_expect(is_service(&other, ASSAY_STANDING_FULL), "the lowest standing is the plan's");
}

Test(derivation, a_granted_certificate_is_the_one_of_a_service)
{
    uint8_t expected[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice made;
    struct assay_credential_state state;
    struct assay_credential_entry entry = { .purpose = ASSAY_CREDENTIAL_PURPOSE_TLS,
                                            .name = text("api"),
                                            .spki = list.keys.keys[0].spki,
                                            .granted = true };
    struct assay_credential_ca ca = { .trust_domain = text("mesh.example"),
                                      .issuer = text("https://id.mesh.example"),
                                      .number = 4,
                                      .validity_s = 900 };
    grant(&plan->identity.grant[0]);
    close_with_values();
    assay_bytes_copy(ca.chain_id, 32, chain, 32);
    assay_bytes_copy(ca.public_key, 32, fold()->key, 32);
    expected_state(&state);
    state.epoch = FIRST + 1;
    assay_sha256(list.keys.entries[0].bytes, list.keys.entries[0].len, entry.digest);
    cr_assert_eq(derive(), ASSAY_OK, "%s", assay_derivation_reason_text(d.reason));
    cr_assert_eq(assay_credential_leaf_tbs(&ca, &state, &entry, expected, sizeof expected, &made),
                 ASSAY_OK);
    cr_expect(assay_slice_equal(out.tbs, made));
}

/* `login` wants FULL: at WARNING its token is one of the node. So it is where the leaf has `api`.
 */
Test(derivation, a_name_counts_at_the_standing_that_its_grant_wants)
{
    for (unsigned what = 0; what < 3; what++) {
        const bool at_warning = what == 1, has_api = what == 2;
        struct assay_credential_entry entry = { .purpose = ASSAY_CREDENTIAL_PURPOSE_TOKEN,
                                                .name = text("login"),
                                                .spki = list.keys.keys[1].spki,
                                                .granted = what == 0,
                                                .audience_count = 2,
                                                .audience = { text("https://a.example"),
                                                              text("https://b.example") } };
        uint8_t expected[ASSAY_CREDENTIAL_TBS_MAX];
        struct assay_credential_state state;
        struct assay_slice made;
        const uint64_t epoch = assay_keyholder_proof_at(proof)->epoch + 1;
        grant(&plan->identity.grant[has_api ? 0 : 1]);
        pass_keys(epoch);
        boundary_maker_member(maker, OWNER)->trust.score.standing =
            at_warning ? ASSAY_STANDING_WARNING : ASSAY_STANDING_FULL;
        close_epoch(true);
        cr_assert_eq(open_epoch(), ASSAY_OK);
        take_proof(OWNER);
        item.product = ASSAY_CREDENTIAL_TOKEN;
        item.listed = entry_of(&list, 1);
        cr_assert_eq(derive(), ASSAY_OK, "%s", assay_derivation_reason_text(d.reason));
        expected_state(&state);
        state.epoch = epoch;
        const struct assay_member *owner = boundary_maker_member(maker, OWNER);
        state.score_bp = assay_trust_score_bp(&owner->trust);
        state.evidence_kind = owner->evidence_kind;
        state.standing = (enum assay_credential_standing)owner->trust.score.standing;
        assay_sha256(list.keys.entries[1].bytes, list.keys.entries[1].len, entry.digest);
        cr_assert_eq(
            assay_credential_token(&d.ca, &state, &entry, 0, expected, sizeof expected, &made),
            ASSAY_OK);
        cr_expect(assay_slice_equal(out.tbs, made), "%u", what);
    }
}

/* Bytes that decide nothing could give one state many texts, each with signatures of its own. */
Test(derivation, no_byte_of_an_item_can_be_another)
{
    uint8_t bytes[ITEM_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_derivation_encode(&item, &w), ASSAY_OK);
    const size_t len = w.len;
    for (size_t i = 0; i < len; i++) {
        bytes[i] ^= (uint8_t)(1U << i % 8);
        cr_expect_neq(
            assay_derivation_derive(&d, assay_slice_over(bytes, len), tbs, sizeof tbs, &out),
            ASSAY_OK, "byte %zu", i);
        bytes[i] ^= (uint8_t)(1U << i % 8);
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t *exact = malloc(i + (i == 0));
        assay_bytes_copy(exact, i, bytes, i);
        cr_expect_neq(
            assay_derivation_derive(&d, assay_slice_over(exact, i), tbs, sizeof tbs, &out),
            ASSAY_OK, "cut at %zu", i);
        free(exact);
    }
    bytes[len] = 0;
    cr_expect_eq(
        assay_derivation_derive(&d, assay_slice_over(bytes, len + 1), tbs, sizeof tbs, &out),
        ASSAY_E_TRAILING);
    cr_expect_eq(assay_derivation_derive(&d, assay_slice_over(bytes, len), tbs, 64, &out),
                 ASSAY_E_FULL);
    cr_expect_eq(assay_derivation_derive(&d, assay_slice_over(bytes, len), tbs, sizeof tbs, &out),
                 ASSAY_OK);
}

Test(derivation, a_proof_with_votes_is_refused_since_it_differs_from_node_to_node)
{
    item.proof = boundary_maker_proof(maker, OWNER, false, proof_bytes);
    expect_refused(ASSAY_DERIVATION_NOT_BARE, "with votes");
}

Test(derivation, an_entry_serves_its_own_purpose_alone)
{
    item.listed = entry_of(&list, 1);
    expect_refused(ASSAY_DERIVATION_OTHER_USE, "a certificate of a key of tokens");
    item.listed = entry_of(&list, 2);
    expect_refused(ASSAY_DERIVATION_OTHER_USE, "a certificate of a key of SSH");
    item.product = ASSAY_CREDENTIAL_TOKEN;
    expect_refused(ASSAY_DERIVATION_OTHER_USE, "a token of a key of SSH");
    item.listed = entry_of(&list, 0);
    expect_refused(ASSAY_DERIVATION_OTHER_USE, "a token of a key of TLS");
    item.product = ASSAY_CREDENTIAL_EAR;
    expect_refused(ASSAY_DERIVATION_OTHER_USE, "a result about the member needs no entry");
}

/* --- attack 20: an old ledger */

Test(derivation, a_member_is_what_it_is_now_and_not_before_its_fall)
{
    static uint8_t before[MAKER_PROOF_LEN];
    const struct assay_slice old = boundary_maker_proof(maker, OWNER, true, before);
    struct assay_member *owner = boundary_maker_member(maker, OWNER);
    cr_assert_eq(derive(), ASSAY_OK);
    owner->trust.score.standing = ASSAY_STANDING_RESTRICTED;
    pass_keys(FIRST + 1);
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    item.proof = old;
    expect_refused(ASSAY_DERIVATION_OTHER_PROOF, "of the epoch before");
    take_proof(OWNER);
    expect_refused(ASSAY_DERIVATION_LOW_STANDING, "RESTRICTED");
    owner->trust.score.standing = ASSAY_STANDING_WARNING;
    pass_keys(FIRST + 2);
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    take_proof(OWNER);
    cr_expect_eq(derive(), ASSAY_OK, "WARNING is enough: %s",
                 assay_derivation_reason_text(d.reason));
}

Test(derivation, validity_is_from_the_time_of_the_verified_epoch)
{
    uint8_t first[ASSAY_CREDENTIAL_TBS_MAX];
    cr_assert_eq(derive(), ASSAY_OK);
    const struct assay_slice of_first = assay_slice_over(first, out.tbs.len);
    assay_bytes_copy(first, sizeof first, out.tbs.bytes, out.tbs.len);
    cr_assert_eq(derive(), ASSAY_OK);
    cr_expect(assay_slice_equal(out.tbs, of_first), "the same twice in an epoch");
    pass_keys(FIRST + 1);
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    take_proof(OWNER);
    cr_assert_eq(derive(), ASSAY_OK);
    cr_expect_not(assay_slice_equal(out.tbs, of_first));
}

Test(derivation, keys_are_bound_by_a_certified_pass_of_the_last_three_epochs)
{
    struct assay_member *owner = boundary_maker_member(maker, OWNER);
    for (uint64_t epoch = FIRST + 1; epoch <= FIRST + 4; epoch++) {
        close_epoch(true);
        cr_assert_eq(open_epoch(), ASSAY_OK);
        take_proof(OWNER);
        if (epoch <= FIRST + 3) cr_expect_eq(derive(), ASSAY_OK, "%d", (int)epoch);
        else expect_refused(ASSAY_DERIVATION_OLD, "four epochs");
    }
    owner->declaration.keys_epoch = 0;
    assay_bytes_zero(owner->declaration.keys_root, 32);
    owner->pass_epoch = FIRST + 5;
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    take_proof(OWNER);
    expect_refused(ASSAY_DERIVATION_UNBOUND, "a restarted enclave");
    pass_keys(FIRST + 6);
    owner->stage = ASSAY_STAGE_RESTING;
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    take_proof(OWNER);
    expect_refused(ASSAY_DERIVATION_NOT_SERVING, "drained");
}

/* --- attack 21: a daemon that lies to its holder */

Test(derivation, a_leaf_or_an_entry_without_its_path_is_refused)
{
    struct boundary_maker *forger = boundary_maker_new(chain, 2);
    const struct assay_derivation_entry honest = item.listed;
    struct list other;
    struct assay_declared_key key = key_of(ASSAY_PURPOSE_TLS, "bank");
    make_list(&other, &key, 1);
    item.listed = entry_of(&other, 0);
    expect_refused(ASSAY_DERIVATION_NOT_LISTED, "an entry of another list");
    item.listed = honest;
    item.listed.entry = other.keys.entries[0];
    expect_refused(ASSAY_DERIVATION_NOT_LISTED, "another entry under the path");
    item.listed = honest;
    item.listed.place = 1;
    expect_refused(ASSAY_DERIVATION_NOT_LISTED, "another place");
    item.listed = (struct assay_derivation_entry){ .count = 0 };
    expect_refused(ASSAY_DERIVATION_NOT_LISTED, "no entry");
    item.listed = honest;
    take_proof(OTHER);
    expect_refused(ASSAY_DERIVATION_UNBOUND, "the entry of another member");
    for (uint64_t epoch = 1; epoch <= FIRST; epoch++) {
        struct assay_member *owner = boundary_maker_member(forger, OWNER);
        if (epoch == 2) assay_declaration_set(&owner->declaration, 2, list.root);
        if (epoch >= 2) {
            owner->pass_epoch = owner->declaration.keys_epoch = epoch;
            assay_bytes_copy(owner->declaration.keys_root, 32, list.root, 32);
        }
        boundary_maker_close(forger, registry, true, MAKER_VOTERS);
    }
    item.proof = boundary_maker_proof(forger, OWNER, true, proof_bytes);
    expect_refused(ASSAY_DERIVATION_OTHER_PROOF, "a leaf of another ledger");
    item.proof = boundary_maker_proof(forger, OWNER, false, proof_bytes);
    expect_refused(ASSAY_DERIVATION_OTHER_PROOF, "with votes of strangers");
    boundary_maker_free(forger);
}

Test(derivation, what_the_newest_declared_list_lacks_is_withdrawn)
{
    struct assay_member *owner = boundary_maker_member(maker, OWNER);
    assay_declaration_set(&owner->declaration, FIRST + 1, fewer.root);
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    take_proof(OWNER);
    expect_refused(ASSAY_DERIVATION_WITHDRAWN, "no entry of the newest list");
    item.declared = entry_of(&list, 0);
    expect_refused(ASSAY_DERIVATION_WITHDRAWN, "an entry of the list before");
    item.declared = entry_of(&fewer, 0);
    expect_refused(ASSAY_DERIVATION_WITHDRAWN, "another entry of the newest list");
    item.product = ASSAY_CREDENTIAL_TOKEN;
    item.listed = entry_of(&list, 1);
    cr_expect_eq(derive(), ASSAY_OK, "both lists have it: %s",
                 assay_derivation_reason_text(d.reason));
    item.audience = 1;
    expect_refused(ASSAY_DERIVATION_WITHDRAWN, "an audience that was taken back");
}

Test(derivation, a_fold_that_is_not_the_proven_one_opens_nothing)
{
    fold()->key[0] ^= 1;
    cr_expect_eq(open_epoch(), ASSAY_E_CHAIN);
    expect_refused(ASSAY_DERIVATION_CLOSED, "another key");
    fold()->key[0] ^= 1;
    fold()->since++;
    cr_expect_eq(open_epoch(), ASSAY_E_CHAIN);
    expect_refused(ASSAY_DERIVATION_CLOSED, "another epoch of the key");
    fold()->since--;
    cr_expect_eq(open_epoch(), ASSAY_OK);
}

/* --- attack 22: not the newest certified epoch */

Test(derivation, an_epoch_without_quorum_opens_nothing)
{
    close_epoch(false);
    cr_expect_eq(open_epoch(), ASSAY_E_EARLY);
    expect_refused(ASSAY_DERIVATION_CLOSED, "it was not certified");
}

Test(derivation, a_later_proof_than_the_verified_epoch_is_refused)
{
    struct assay_registry_member member = { .standing = ASSAY_REGISTRY_STAND_FULL };
    pass_keys(FIRST + 1);
    assay_registry_close_epoch(registry, FIRST + 1, &member, 1, facts, NULL, NULL);
    boundary_maker_close(maker, registry, true, MAKER_VOTERS);
    item.proof = boundary_maker_proof(maker, OWNER, false, proof_bytes);
    expect_refused(ASSAY_DERIVATION_OTHER_PROOF, "final, and the boundary is not verified yet");
}

/* --- the key itself */

Test(derivation, a_certificate_of_the_key_is_of_the_first_epochs_of_a_generation)
{
    uint8_t expected[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice made;
    struct assay_credential_state state;
    const struct assay_derivation_item of_member = item;
    expected_state(&state);
    item.product = ASSAY_CREDENTIAL_CA_CERTIFICATE;
    expect_refused(ASSAY_DERIVATION_OTHER_USE, "a member has no part in it");
    item = (struct assay_derivation_item){ .product = ASSAY_CREDENTIAL_CA_CERTIFICATE };
    cr_assert_eq(derive(), ASSAY_OK, "%s", assay_derivation_reason_text(d.reason));
    cr_assert_eq(assay_credential_ca_tbs(&d.ca, &d.ca, &state, expected, sizeof expected, &made),
                 ASSAY_OK);
    cr_expect(assay_slice_equal(out.tbs, made));
    for (uint64_t later = 1; later < ASSAY_DERIVATION_FIRST_EPOCHS; later++) {
        pass_keys(FIRST + later);
        close_epoch(true);
        cr_assert_eq(open_epoch(), ASSAY_OK);
        cr_expect_eq(derive(), ASSAY_OK, "holders were down before: %d epochs later", (int)later);
    }
    pass_keys(FIRST + ASSAY_DERIVATION_FIRST_EPOCHS);
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    expect_refused(ASSAY_DERIVATION_OTHER_TIME, "16 epochs later");
    item = of_member;
    take_proof(OWNER);
    cr_expect_eq(derive(), ASSAY_OK);
}

Test(derivation, every_reason_is_a_sentence)
{
    for (int i = 0; i <= ASSAY_DERIVATION_NO_TEXT; i++)
        cr_expect_str_neq(assay_derivation_reason_text((enum assay_derivation_reason)i), "unknown");
    (void)snprintf(plan->identity.trust_domain, sizeof plan->identity.trust_domain, "Mesh.Example");
    assay_registry_plan_identity_digest(plan, fold()->config.terms);
    pass_keys(FIRST + 1);
    close_epoch(true);
    cr_assert_eq(open_epoch(), ASSAY_OK);
    take_proof(OWNER);
    expect_refused(ASSAY_DERIVATION_NO_TEXT, "a domain that is none");
    fold()->ca_number = 0;
    pass_keys(FIRST + 2);
    close_epoch(true);
    cr_expect_eq(open_epoch(), ASSAY_E_NOT_FOUND, "no key is in force");
}
