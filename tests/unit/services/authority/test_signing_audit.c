/*
 * tests/unit/services/authority/test_signing_audit.c - tests of the audit of a holder's journal:
 * what holders sign is derived from the ledger, and nothing else is (docs/identity.md 4.14, 12.5).
 */
#include "base/crypto.h"
#include "net/services/identity/signing_audit.h"
#include "services/registry/registry.h"
#include "tests/support/services/identity_plan.h"
#include "tests/unit/services/identity/boundary_maker.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { FIRST = 3, OWNER = 2, OTHER = 1, KEYS = 3, NUMBER = 4, GENERATION = 7 };

static const uint8_t chain[32] = { 7 };
static struct boundary_maker *maker;
static struct assay_registry *registry;
static struct assay_registry_facts *facts;
static struct assay_registry_plan *plan;
static struct assay_keyholder_proof *proof;
static struct assay_signing_audit *audit;

/* A list of the owner: api (TLS), login (token of two audiences), root (SSH). */
struct list {
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX], root[32];
    size_t len;
    struct assay_declared_keys keys;
};
static struct list list, fewer;
static bool is_list_missing, is_list_another;

static struct assay_slice text_of(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0')
        len++;
    return assay_slice_over(text, len);
}

static struct assay_declared_key key_of(enum assay_declared_purpose purpose, const char *name)
{
    static const uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b,
                                      0x65, 0x70, 0x03, 0x21, 0x00, 9 };
    static const uint8_t signature[64] = { 1 };
    return (struct assay_declared_key){ .purpose = purpose,
                                        .name = text_of(name),
                                        .spki = assay_slice_over(spki, sizeof spki),
                                        .proof = assay_slice_over(signature, sizeof signature) };
}

static void make_list(struct list *l, const struct assay_declared_key *keys, uint32_t count)
{
    struct assay_writer w = assay_writer_over(l->bytes, sizeof l->bytes);
    cr_assert_eq(assay_declared_keys_encode(keys, count, &w), ASSAY_OK);
    l->len = w.len;
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

static struct assay_ca *fold(void)
{
    union {
        const struct assay_ca *read;
        struct assay_ca *write;
    } ca = { .read = assay_registry_identity(registry) };
    return ca.write;
}

/* The next epoch closes; the owner passed in it, and its keys were bound. */
static void close_epoch(bool certified)
{
    const uint64_t epoch = assay_keyholder_proof_at(proof)->epoch + 1;
    struct assay_service_message m, answer = { .verb = ASSAY_SERVICE_PROOF };
    const struct assay_registry_member member = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                                  .certified = true };
    struct assay_member *owner = boundary_maker_member(maker, OWNER);
    struct assay_fault fault;
    if (epoch == 2) assay_declaration_set(&owner->declaration, 2, list.root);
    if (epoch >= 2) {
        owner->pass_epoch = owner->declaration.keys_epoch = epoch;
        assay_bytes_copy(owner->declaration.keys_root, 32, list.root, 32);
    }
    assay_registry_close_epoch(registry, epoch, &member, 1, facts, NULL, NULL);
    boundary_maker_close(maker, registry, certified, MAKER_VOTERS);
    while (assay_keyholder_proof_next(proof, epoch, &m)) {
        boundary_maker_answer(maker, &m, &answer);
        cr_assert_eq(assay_keyholder_proof_on_answer(proof, &answer, MAKER_TIME_MS, &fault),
                     ASSAY_OK, "%s", fault.what);
    }
}

static bool find_list(void *context, uint32_t slot, const uint8_t root[static 32], uint8_t *buffer,
                      struct assay_slice *found)
{
    const struct list *const l =
        assay_bytes_equal(root, list.root, 32) != is_list_another ? &list : &fewer;
    (void)context;
    if (is_list_missing || slot != OWNER) return false;
    assay_bytes_copy(buffer, ASSAY_DECLARED_KEYS_LEN_MAX, l->bytes, l->len);
    *found = assay_slice_over(buffer, l->len);
    return true;
}

static void open_epoch(void)
{
    struct assay_signing_audit_epoch epoch = { .ca = fold(), .plan = plan, .find_list = find_list };
    epoch.state = boundary_maker_state(maker, &epoch.header);
    cr_assert_eq(assay_keyholder_audit_open(audit, &epoch), ASSAY_OK);
}

static void set_up(void)
{
    struct assay_checkpoint from;
    struct assay_declared_key keys[KEYS] = { key_of(ASSAY_PURPOSE_TLS, "api"),
                                             key_of(ASSAY_PURPOSE_TOKEN, "login"),
                                             key_of(ASSAY_PURPOSE_SSH, "root") };
    keys[1].audience_count = 2;
    keys[1].audiences[0] = text_of("https://a.example");
    keys[1].audiences[1] = text_of("https://b.example");
    make_list(&list, keys, KEYS);
    make_list(&fewer, keys + 1, 1);
    maker = boundary_maker_new(chain, 1);
    facts = calloc(1, sizeof *facts);
    plan = calloc(1, sizeof *plan);
    identity_plan_set(plan, 64);
    void *memory = aligned_alloc(64, (assay_registry_size(plan) + 63) / 64 * 64);
    cr_assert_eq(assay_registry_init(memory, (assay_registry_size(plan) + 63) / 64 * 64, plan,
                                     chain, &registry),
                 ASSAY_OK);
    assay_registry_set_era(registry, 1);
    fold()->ca_number = NUMBER;
    fold()->since = FIRST;
    fold()->force.generation = GENERATION;
    for (int i = 0; i < 32; i++) /* the base point */
        fold()->key[i] = i == 0 ? 0x58 : 0x66;
    boundary_maker_checkpoint(maker, &from);
    cr_assert_eq(assay_keyholder_proof_create(&from, &proof), ASSAY_OK);
    cr_assert_eq(assay_keyholder_audit_create(&audit), ASSAY_OK);
    for (uint64_t epoch = 1; epoch <= FIRST; epoch++)
        close_epoch(true);
    open_epoch();
}

static void tear_down(void)
{
    assay_keyholder_audit_destroy(&audit);
    assay_keyholder_proof_destroy(&proof);
    boundary_maker_free(maker);
    free(registry);
    free(facts);
    free(plan);
}

TestSuite(signing_audit, .init = set_up, .fini = tear_down);

/* What a holder journals for this item, by its own verified ledger. In: place: of the list, KEYS:
 * none */
static struct assay_signing_entry sign_of(bool is_next, enum assay_credential_product product,
                                          uint32_t place, uint32_t audience)
{
    static uint8_t bytes[MAKER_PROOF_LEN + 2048], standing[MAKER_PROOF_LEN];
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_derivation d;
    struct assay_cosigner_item out;
    struct assay_derivation_item item = { .product = product, .audience = audience };
    if (product != ASSAY_CREDENTIAL_CA_CERTIFICATE && product != ASSAY_CREDENTIAL_CROSS_CERTIFICATE)
        item.proof = boundary_maker_proof(maker, OWNER, true, standing);
    if (place < KEYS) item.listed = entry_of(&list, place);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(is_next ? assay_derivation_open_next(&d, proof, fold(), plan)
                         : assay_derivation_open(&d, proof, fold(), plan),
                 ASSAY_OK);
    cr_assert_eq(assay_derivation_encode(&item, &w), ASSAY_OK);
    cr_assert_eq(assay_derivation_derive(&d, assay_slice_over(bytes, w.len), tbs, sizeof tbs, &out),
                 ASSAY_OK, "%s", assay_derivation_reason_text(d.reason));
    struct assay_signing_entry e = { .era = d.at.era,
                                     .epoch = d.at.epoch,
                                     .generation = is_next ? GENERATION + 1 : GENERATION,
                                     .ca_number = d.ca.number };
    assay_bytes_copy(e.block_id, 32, d.at.id, 32);
    assay_bytes_copy(e.subject, 32, out.subject, 32);
    assay_bytes_copy(e.entry, 32, out.entry_digest, 32);
    assay_sha256(out.tbs.bytes, out.tbs.len, e.tbs);
    return e;
}

static struct assay_signing_entry sign(enum assay_credential_product product, uint32_t place,
                                       uint32_t audience)
{
    return sign_of(false, product, place, audience);
}

static enum assay_derivation_reason reason;

static enum assay_signing_audit_answer check(const struct assay_signing_entry *e)
{
    enum assay_signing_audit_answer answer = ASSAY_SIGNING_AUDIT_DERIVED;
    cr_assert_eq(assay_keyholder_audit_check(audit, e, &answer, &reason), ASSAY_OK);
    return answer;
}

static void expect(struct assay_signing_entry e, enum assay_signing_audit_answer answer)
{
    const enum assay_signing_audit_answer found = check(&e);
    cr_expect_eq(found, answer, "expected: %s; found: %s", assay_keyholder_audit_text(answer),
                 assay_keyholder_audit_text(found));
}

Test(signing_audit, all_that_holders_sign_is_derived)
{
    expect(sign(ASSAY_CREDENTIAL_CA_CERTIFICATE, KEYS, 0), ASSAY_SIGNING_AUDIT_DERIVED);
    expect(sign(ASSAY_CREDENTIAL_LEAF, 0, 0), ASSAY_SIGNING_AUDIT_DERIVED);
    expect(sign(ASSAY_CREDENTIAL_TOKEN, 1, 0), ASSAY_SIGNING_AUDIT_DERIVED);
    expect(sign(ASSAY_CREDENTIAL_TOKEN, 1, 1), ASSAY_SIGNING_AUDIT_DERIVED);
    expect(sign(ASSAY_CREDENTIAL_EAR, KEYS, 0), ASSAY_SIGNING_AUDIT_DERIVED);
    close_epoch(true);
    open_epoch();
    expect(sign(ASSAY_CREDENTIAL_LEAF, 0, 0), ASSAY_SIGNING_AUDIT_DERIVED);
}

Test(signing_audit, a_text_that_the_ledger_does_not_give_is_found)
{
    const struct assay_signing_entry honest[] = { sign(ASSAY_CREDENTIAL_CA_CERTIFICATE, KEYS, 0),
                                                  sign(ASSAY_CREDENTIAL_LEAF, 0, 0),
                                                  sign(ASSAY_CREDENTIAL_TOKEN, 1, 1),
                                                  sign(ASSAY_CREDENTIAL_EAR, KEYS, 0) };
    for (size_t i = 0; i < sizeof honest / sizeof honest[0]; i++) {
        struct assay_signing_entry e = honest[i];
        e.tbs[31] ^= 1;
        expect(e, ASSAY_SIGNING_AUDIT_OTHER_TEXT);
    }
}

Test(signing_audit, a_text_of_another_epoch_is_found)
{
    const struct assay_signing_entry before = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    close_epoch(true);
    open_epoch();
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    cr_assert_not(assay_bytes_equal(e.tbs, before.tbs, 32));
    assay_bytes_copy(e.tbs, 32, before.tbs, 32);
    expect(e, ASSAY_SIGNING_AUDIT_OTHER_TEXT);
    e = before;
    e.epoch++;
    expect(e, ASSAY_SIGNING_AUDIT_OTHER_BLOCK);
}

Test(signing_audit, another_generation_is_found)
{
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    e.generation--;
    expect(e, ASSAY_SIGNING_AUDIT_OTHER_GENERATION);
}

Test(signing_audit, the_key_of_another_member_or_list_is_found)
{
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    e.subject[31] ^= 1;
    expect(e, ASSAY_SIGNING_AUDIT_NO_MEMBER);
    e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    assay_bytes_copy(e.subject, 32, boundary_maker_member(maker, OTHER)->node_id, 32);
    expect(e, ASSAY_SIGNING_AUDIT_NO_ENTRY);
    e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    e.entry[0] ^= 1;
    expect(e, ASSAY_SIGNING_AUDIT_NO_ENTRY);
}

Test(signing_audit, a_token_is_of_an_audience_of_its_entry)
{
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_TOKEN, 1, 0);
    const struct assay_signing_entry leaf = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    assay_bytes_copy(e.entry, 32, leaf.entry, 32); /* another entry of the list */
    expect(e, ASSAY_SIGNING_AUDIT_OTHER_TEXT);
}

Test(signing_audit, what_holders_refuse_is_found_with_the_reason)
{
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    assay_sha256(list.keys.entries[2].bytes, list.keys.entries[2].len, e.entry); /* of SSH */
    expect(e, ASSAY_SIGNING_AUDIT_REFUSED);
    cr_expect_eq(reason, ASSAY_DERIVATION_OTHER_USE);
    close_epoch(true);
    open_epoch();
    e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    assay_declaration_set(&boundary_maker_member(maker, OWNER)->declaration, FIRST + 2, fewer.root);
    close_epoch(true);
    open_epoch();
    e.epoch++;
    assay_bytes_copy(e.block_id, 32, assay_keyholder_proof_at(proof)->id, 32);
    expect(e, ASSAY_SIGNING_AUDIT_REFUSED);
    cr_expect_eq(reason, ASSAY_DERIVATION_WITHDRAWN);
}

Test(signing_audit, the_certificate_of_the_key_is_of_the_first_epochs)
{
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_CA_CERTIFICATE, KEYS, 0);
    for (int later = 0; later < ASSAY_DERIVATION_FIRST_EPOCHS; later++) {
        close_epoch(true);
        open_epoch();
        e.epoch++;
    }
    assay_bytes_copy(e.block_id, 32, assay_keyholder_proof_at(proof)->id, 32);
    expect(e, ASSAY_SIGNING_AUDIT_REFUSED);
    cr_expect_eq(reason, ASSAY_DERIVATION_OTHER_TIME);
}

/* From the next close on. */
static void publish_next(void)
{
    struct assay_ca_next *const n = &fold()->next;
    *n = (struct assay_ca_next){ .number = NUMBER + 1,
                                 .made = FIRST + 1,
                                 .since = FIRST + 1,
                                 .force = { .generation = GENERATION + 1 } };
    for (int i = 0; i < 32; i++)
        n->key[i] = i == 0 ? 0x59 : 0x66;
    close_epoch(true);
    open_epoch();
}

/* docs/identity.md 3.15 */
Test(signing_audit, the_next_number_signs_its_own_certificate_alone)
{
    publish_next();
    const struct assay_signing_entry own = sign_of(true, ASSAY_CREDENTIAL_CA_CERTIFICATE, KEYS, 0);
    cr_assert_eq(own.ca_number, NUMBER + 1);
    expect(own, ASSAY_SIGNING_AUDIT_DERIVED);
    const struct assay_signing_entry cross = sign(ASSAY_CREDENTIAL_CROSS_CERTIFICATE, KEYS, 0);
    cr_assert_eq(cross.ca_number, NUMBER);
    expect(cross, ASSAY_SIGNING_AUDIT_DERIVED);
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    expect(e, ASSAY_SIGNING_AUDIT_DERIVED);
    e.ca_number = NUMBER + 1;
    expect(e, ASSAY_SIGNING_AUDIT_OTHER_GENERATION);
    e.generation = GENERATION + 1;
    expect(e, ASSAY_SIGNING_AUDIT_REFUSED);
    cr_expect_eq(reason, ASSAY_DERIVATION_NEXT);
    e = own; /* by shares of the active number */
    e.ca_number = NUMBER;
    e.generation = GENERATION;
    expect(e, ASSAY_SIGNING_AUDIT_OTHER_TEXT);
    e = cross; /* by shares of the next number */
    e.ca_number = NUMBER + 1;
    e.generation = GENERATION + 1;
    expect(e, ASSAY_SIGNING_AUDIT_OTHER_TEXT);
    e = own; /* of a number that is not published */
    e.ca_number = NUMBER + 2;
    expect(e, ASSAY_SIGNING_AUDIT_OTHER_NUMBER);
}

Test(signing_audit, nothing_is_signed_for_a_held_epoch_or_without_a_key)
{
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    close_epoch(false);
    open_epoch();
    e.epoch++;
    assay_bytes_copy(e.block_id, 32, assay_keyholder_proof_at(proof)->id, 32);
    expect(e, ASSAY_SIGNING_AUDIT_NOT_CERTIFIED);
    fold()->key_lost = true;
    fold()->force.threshold = 1; /* of which none lives */
    close_epoch(true);
    open_epoch();
    e.epoch++;
    assay_bytes_copy(e.block_id, 32, assay_keyholder_proof_at(proof)->id, 32);
    expect(e, ASSAY_SIGNING_AUDIT_NO_KEY);
}

Test(signing_audit, without_the_list_nothing_is_decided)
{
    const struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    is_list_missing = true;
    expect(e, ASSAY_SIGNING_AUDIT_NO_LIST);
    is_list_missing = false;
    is_list_another = true; /* one that has not the root of the state */
    open_epoch();
    expect(e, ASSAY_SIGNING_AUDIT_NO_LIST);
}

/* ------------------------------------------------------------ from proofs, without a ledger */

static enum assay_signing_audit_answer check_proven(const struct assay_signing_entry *e,
                                                    bool certified, const struct list *listed)
{
    static uint8_t standing[MAKER_PROOF_LEN];
    enum assay_signing_audit_answer answer = ASSAY_SIGNING_AUDIT_DERIVED;
    const struct assay_signing_audit_proofs proofs = {
        .at = assay_keyholder_proof_at(proof),
        .certified = certified,
        .ca = fold(),
        .plan = plan,
        .standing = boundary_maker_proof(maker, OWNER, true, standing),
        .list = listed != NULL ? assay_slice_over(listed->bytes, listed->len)
                               : (struct assay_slice){ NULL, 0 },
    };
    cr_assert_eq(assay_keyholder_audit_proven(audit, &proofs, e, &answer, &reason), ASSAY_OK);
    return answer;
}

Test(signing_audit, proofs_of_its_epoch_derive_a_text_without_a_ledger)
{
    struct assay_signing_entry e = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    cr_expect_eq(check_proven(&e, true, &list), ASSAY_SIGNING_AUDIT_DERIVED);
    const struct assay_signing_entry token = sign(ASSAY_CREDENTIAL_TOKEN, 1, 1);
    cr_expect_eq(check_proven(&token, true, &list), ASSAY_SIGNING_AUDIT_DERIVED);
    e.tbs[0] ^= 1;
    cr_expect_eq(check_proven(&e, true, &list), ASSAY_SIGNING_AUDIT_OTHER_TEXT);
    cr_expect_gt(assay_keyholder_audit_derived(audit).len, 100);
    e.tbs[0] ^= 1;
    e.block_id[0] ^= 1;
    cr_expect_eq(check_proven(&e, true, &list), ASSAY_SIGNING_AUDIT_OTHER_BLOCK);
    e.block_id[0] ^= 1;
    e.ca_number += 1;
    cr_expect_eq(check_proven(&e, true, &list), ASSAY_SIGNING_AUDIT_OTHER_NUMBER);
    e.ca_number -= 1;
    e.entry[0] ^= 1;
    cr_expect_eq(check_proven(&e, true, &list), ASSAY_SIGNING_AUDIT_NO_ENTRY);
    e.entry[0] ^= 1;
    cr_expect_eq(check_proven(&e, false, &list), ASSAY_SIGNING_AUDIT_NOT_CERTIFIED);
}

/* Attack: the node that is requested hands in another list, none, or the proof of another member.
 * Nothing of that is the ledger's: it decides nothing. (The command says of what is decided and
 * signed: "a stranger has the key; retire it".) */
Test(signing_audit, a_node_that_hands_in_what_the_leaf_does_not_name_decides_nothing)
{
    static uint8_t standing[MAKER_PROOF_LEN];
    const struct assay_signing_entry token = sign(ASSAY_CREDENTIAL_TOKEN, 1, 0);
    const struct assay_signing_entry leaf = sign(ASSAY_CREDENTIAL_LEAF, 0, 0);
    enum assay_signing_audit_answer answer = ASSAY_SIGNING_AUDIT_DERIVED;
    cr_assert_eq(check_proven(&token, true, &list), ASSAY_SIGNING_AUDIT_DERIVED);
    cr_expect_eq(check_proven(&token, true, &fewer), ASSAY_SIGNING_AUDIT_NO_LIST, "another list");
    cr_expect_eq(check_proven(&leaf, true, &fewer), ASSAY_SIGNING_AUDIT_NO_LIST, "without its key");
    cr_expect_eq(check_proven(&leaf, true, NULL), ASSAY_SIGNING_AUDIT_NO_LIST, "no list");
    const struct assay_signing_audit_proofs proofs = {
        .at = assay_keyholder_proof_at(proof),
        .certified = true,
        .ca = fold(),
        .plan = plan,
        .standing = boundary_maker_proof(maker, OTHER, true, standing),
        .list = assay_slice_over(list.bytes, list.len),
    };
    cr_assert_eq(assay_keyholder_audit_proven(audit, &proofs, &leaf, &answer, &reason), ASSAY_OK);
    cr_expect_eq(answer, ASSAY_SIGNING_AUDIT_NO_LIST, "another member");
}
