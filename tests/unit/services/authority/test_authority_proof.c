/*
 * tests/unit/services/authority/test_authority_proof.c - tests of what a relying party accepts as a
 * network's certificate authority: the key of the document that a proven state names, and nothing
 * that a node puts in its place (docs/identity.md 12). Attack 34 of its design.
 */
#include "net/services/identity/authority_proof.h"
#include "services/registry/registry.h"
#include "tests/support/services/identity_plan.h"
#include "tests/unit/services/identity/boundary_maker.h"
#include "tests/unit/services/identity/group.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SINCE = 2, EPOCH = 3, NUMBER = 4, INDICES = 4, THRESHOLD = 3 };

static const uint8_t chain[32] = { 7, 7, 7 };
static struct boundary_maker *maker;
static struct assay_registry *registry;
static struct assay_registry_facts *facts;
static struct assay_registry_plan *plan;
static struct group *group, *other; /* other: of another key */
static struct assay_checkpoint checkpoint;
static struct assay_authority_proof proof;
static struct assay_authority_proven *proven;
static uint8_t standing[MAKER_PROOF_LEN], identity[ASSAY_CA_DOCUMENT_LEN_MAX];
static uint8_t planned[ASSAY_PLAN_LEN_MAX];

struct der {
    size_t len;
    uint8_t bytes[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
};
static struct der certificate;

static struct assay_slice slice_of(const struct der *der)
{
    return assay_slice_over(der->bytes, der->len);
}

static struct assay_ca *fold(void)
{
    union {
        const struct assay_ca *read;
        struct assay_ca *write;
    } ca = { .read = assay_registry_identity(registry) };
    return ca.write;
}

/* A generation of four holders, as a ceremony leaves it. */
static void make_key(struct assay_ca *ca)
{
    ca->ca_number = ca->numbers = NUMBER;
    ca->active_since = ca->changed = ca->since = SINCE;
    ca->generations = 1;
    assay_bytes_copy(ca->key, 32, group->key, 32);
    ca->force.generation = ca->force.attempt = ca->force.era = 1;
    ca->force.threshold = THRESHOLD;
    ca->force.count = ca->force.holders = INDICES;
    ca->force.table[0] = 1;
    for (uint32_t i = 0; i < INDICES; i++) {
        ca->force.holder[i].slot = i;
        ca->force.holder[i].first = i + 1;
        ca->force.holder[i].indices = 1;
        ca->force.holder[i].node_id[0] = (uint8_t)(i + 1);
        ca->force.holder[i].has = true;
    }
}

static struct assay_slice text_of(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0')
        len++;
    return assay_slice_over(text, len);
}

/* In: of: as the network has it, which a test may change; signer: of the certificate */
static void certify(struct assay_credential_ca of, const struct group *signer, struct der *der)
{
    const struct assay_credential_state made = { .era = 1,
                                                 .epoch = SINCE,
                                                 .time_ms = MAKER_TIME_MS + 2000 };
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX], signature[64];
    struct assay_slice tbs, out;
    assay_bytes_copy(of.public_key, 32, signer->key, 32);
    cr_assert_eq(assay_credential_ca_tbs(&of, &of, &made, bytes, sizeof bytes, &tbs), ASSAY_OK);
    struct signing *s = group_choose(signer, 1);
    cr_assert_eq(group_sign(signer, s, tbs, signature), ASSAY_OK);
    group_signing_free(s);
    cr_assert_eq(assay_credential_certificate(tbs, signature, der->bytes, sizeof der->bytes, &out),
                 ASSAY_OK);
    der->len = out.len;
}

static struct assay_credential_ca network_ca(void)
{
    struct assay_credential_ca ca = { .trust_domain = text_of("mesh.example"),
                                      .issuer = text_of("https://id.mesh.example"),
                                      .number = NUMBER,
                                      .validity_s = 900 };
    assay_bytes_copy(ca.chain_id, 32, chain, 32);
    return ca;
}

static void close_epochs(uint64_t from, uint64_t to)
{
    const struct assay_registry_member none = { .standing = ASSAY_REGISTRY_STAND_NONE };
    for (uint64_t epoch = from; epoch <= to; epoch++) {
        assay_registry_close_epoch(registry, epoch, &none, 1, facts, NULL, NULL);
        if (epoch >= SINCE && fold()->ca_number == 0) make_key(fold());
        boundary_maker_close(maker, registry, true, MAKER_VOTERS);
    }
}

/* What an honest node answers. */
static void make_proof(void)
{
    struct assay_writer w = assay_writer_over(identity, sizeof identity);
    cr_assert_eq(assay_ca_document_encode(fold(), 0, &w), ASSAY_OK);
    proof =
        (struct assay_authority_proof){ .proof = boundary_maker_proof(maker, 1, false, standing),
                                        .identity = assay_slice_over(identity, w.len),
                                        .certificate_count = 1,
                                        .certificate = { slice_of(&certificate) } };
    w = assay_writer_over(planned, sizeof planned);
    cr_assert_eq(assay_keyholder_authority_plan_encode(plan, &w), ASSAY_OK);
    proof.plan = assay_slice_over(planned, w.len);
}

static void set_up(void)
{
    plan = calloc(1, sizeof *plan);
    identity_plan_set(plan, 64);
    plan->group_count = 1; /* of which the proof has nothing */
    (void)snprintf(plan->group[0].name, sizeof plan->group[0].name, "state");
    plan->group[0].size = 3;
    plan->group[0].instances_max = 64;
    const size_t len = (assay_registry_size(plan) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, len);
    cr_assert_eq(assay_registry_init(memory, len, plan, chain, &registry), ASSAY_OK);
    assay_registry_set_era(registry, 1);
    facts = calloc(1, sizeof *facts);
    proven = calloc(1, sizeof *proven);
    group = group_new(INDICES, THRESHOLD);
    other = group_new(INDICES, THRESHOLD);
    maker = boundary_maker_new(chain, 1);
    boundary_maker_checkpoint(maker, &checkpoint);
    close_epochs(1, EPOCH);
    certify(network_ca(), group, &certificate);
    make_proof();
}

static void tear_down(void)
{
    boundary_maker_free(maker);
    group_free(group);
    group_free(other);
    free(registry);
    free(facts);
    free(proven);
    free(plan);
}

TestSuite(authority_proof, .init = set_up, .fini = tear_down);

static enum assay_authority_answer verify(void)
{
    cr_assert_eq(assay_keyholder_authority_verify(&proof, &checkpoint, proven), ASSAY_OK);
    return proven->answer;
}

Test(authority_proof, proves_key_domain_issuer_and_certificate_from_a_checkpoint)
{
    cr_assert_eq(verify(), ASSAY_AUTHORITY_PROVEN, "%s",
                 assay_keyholder_authority_text(proven->answer));
    cr_expect_eq(proven->state, ASSAY_PROVEN);
    cr_expect_eq(proven->count, 1);
    cr_expect_eq(proven->number[0].ca.number, NUMBER);
    cr_expect(assay_bytes_equal(proven->number[0].ca.public_key, group->key, 32));
    cr_expect(assay_bytes_equal(proven->number[0].ca.chain_id, chain, 32));
    cr_expect(assay_slice_equal(proven->number[0].ca.trust_domain, text_of("mesh.example")));
    cr_expect(assay_slice_equal(proven->number[0].ca.issuer, text_of("https://id.mesh.example")));
    cr_expect_eq(proven->number[0].ca.validity_s, 900);
    cr_expect(assay_slice_equal(proven->number[0].certificate, slice_of(&certificate)));
    cr_expect_eq(proven->number[0].not_after_s - proven->number[0].not_before_s,
                 300 + ASSAY_CREDENTIAL_CA_VALIDITY_S);
    cr_expect_eq(proven->network.next.epoch, EPOCH);
    cr_expect_eq(proven->since, SINCE);
    cr_expect_eq(proven->generation, 1);
}

/* --- several numbers (docs/identity.md 3.15) */

static struct der certificate_of_other;

/* In: number: of the key of `other` */
static void add_certificate(uint32_t number)
{
    struct assay_credential_ca ca = network_ca();
    ca.number = number;
    certify(ca, other, &certificate_of_other);
    proof.certificate_count = 2;
    proof.certificate[1] = slice_of(&certificate_of_other);
}

Test(authority_proof, the_next_number_is_proven_with_its_certificate)
{
    struct assay_ca *const ca = fold();
    ca->numbers = NUMBER + 1;
    ca->generations = 2;
    ca->next = (struct assay_ca_next){
        .number = NUMBER + 1, .made = EPOCH, .since = EPOCH + 1, .force = ca->force
    };
    ca->next.force.generation = 2;
    assay_bytes_copy(ca->next.key, 32, other->key, 32);
    close_epochs(EPOCH + 1, EPOCH + 1);
    make_proof();
    cr_assert_eq(verify(), ASSAY_AUTHORITY_PROVEN);
    cr_assert_eq(proven->count, 2, "also without its certificate");
    cr_expect_eq(proven->number[1].certificate.len, 0);
    add_certificate(NUMBER + 1);
    cr_assert_eq(verify(), ASSAY_AUTHORITY_PROVEN, "%s", proven->why);
    cr_expect_eq(proven->number[0].state, ASSAY_CA_ACTIVE);
    cr_expect_eq(proven->number[0].ca.number, NUMBER);
    cr_expect_eq(proven->number[0].since, SINCE);
    cr_expect(assay_slice_equal(proven->number[0].certificate, slice_of(&certificate)));
    cr_expect_eq(proven->number[1].state, ASSAY_CA_NEXT);
    cr_expect_eq(proven->number[1].ca.number, NUMBER + 1);
    cr_expect_eq(proven->number[1].since, EPOCH + 1);
    cr_expect(assay_bytes_equal(proven->number[1].ca.public_key, other->key, 32));
    cr_expect(assay_slice_equal(proven->number[1].certificate, slice_of(&certificate_of_other)));
    cr_expect_eq(proven->changed, SINCE);
    add_certificate(NUMBER);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE, "the number of the other key");
}

/* Returns: whether the number has it then. */
static bool add(struct assay_slice der)
{
    assay_keyholder_authority_add(proven, der);
    cr_expect_null(proven->why);
    return assay_slice_equal(proven->number[0].certificate, der);
}

Test(authority_proof, a_certificate_that_the_proof_leaves_out_is_added_if_it_is_of_a_published_key)
{
    const struct der own = certificate;
    struct assay_credential_ca ca = network_ca();
    proof.certificate_count = 0;
    cr_assert_eq(verify(), ASSAY_AUTHORITY_PROVEN);
    cr_assert_eq(proven->number[0].certificate.len, 0);
    certify(ca, other, &certificate_of_other);
    cr_expect_not(add(slice_of(&certificate_of_other)), "of a key that is not published");
    ca.trust_domain = text_of("mush.example");
    certify(ca, group, &certificate_of_other);
    cr_expect_not(add(slice_of(&certificate_of_other)), "of another domain");
    cr_expect_not(add(text_of("none")));
    cr_expect_eq(proven->number[0].certificate.len, 0);
    cr_expect(add(slice_of(&own)));
    certify(network_ca(), group, &certificate_of_other); /* signed once more */
    cr_expect_not(add(slice_of(&certificate_of_other)), "what is there stays");
    cr_expect(assay_slice_equal(proven->number[0].certificate, slice_of(&own)));
}

Test(authority_proof, a_certificate_that_has_expired_is_as_good_as_none)
{
    const struct der own = certificate;
    cr_assert_eq(verify(), ASSAY_AUTHORITY_PROVEN);
    const int64_t ends_s = proven->number[0].not_after_s;
    assay_keyholder_authority_expire(proven, ends_s - 1);
    cr_expect_gt(proven->number[0].certificate.len, 0);
    assay_keyholder_authority_expire(proven, ends_s);
    cr_expect_eq(proven->number[0].certificate.len, 0);
    cr_expect(add(slice_of(&own)), "one from elsewhere takes its place");
    assay_keyholder_authority_expire(proven, ends_s);
    cr_expect_eq(proven->number[0].certificate.len, 0, "unless it has expired, too");
}

Test(authority_proof, an_old_number_is_proven_until_it_is_gone)
{
    struct assay_ca *const ca = fold();
    ca->olds = 1;
    ca->old[0] = (struct assay_ca_old){ .number = NUMBER - 1, .until = EPOCH + 2 };
    assay_bytes_copy(ca->old[0].key, 32, other->key, 32);
    close_epochs(EPOCH + 1, EPOCH + 1);
    make_proof();
    add_certificate(NUMBER - 1);
    cr_assert_eq(verify(), ASSAY_AUTHORITY_PROVEN, "%s", proven->why);
    cr_assert_eq(proven->count, 2);
    cr_expect_eq(proven->number[0].state, ASSAY_CA_OLD);
    cr_expect_eq(proven->number[0].ca.number, NUMBER - 1);
    cr_expect(assay_slice_equal(proven->number[0].certificate, slice_of(&certificate_of_other)));
    cr_expect(assay_slice_equal(proven->number[1].certificate, slice_of(&certificate)));
    close_epochs(EPOCH + 2, EPOCH + 2);
    make_proof();
    cr_assert_eq(verify(), ASSAY_AUTHORITY_PROVEN);
    cr_expect_eq(proven->count, 1);
    cr_expect_eq(proven->changed, EPOCH + 2);
    add_certificate(NUMBER - 1);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE);
}

/* In: of: the number whose certificate it is, by: its signer, with its number */
static void add_cross(const struct group *of, uint32_t number, const struct group *by,
                      uint32_t by_number)
{
    const struct assay_credential_state made = { .era = 1,
                                                 .epoch = SINCE,
                                                 .time_ms = MAKER_TIME_MS + 2000 };
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX], signature[64];
    struct assay_credential_ca subject = network_ca(), signer = network_ca();
    struct assay_slice tbs, out;
    subject.number = number;
    signer.number = by_number;
    assay_bytes_copy(subject.public_key, 32, of->key, 32);
    assay_bytes_copy(signer.public_key, 32, by->key, 32);
    cr_assert_eq(assay_credential_ca_tbs(&subject, &signer, &made, bytes, sizeof bytes, &tbs),
                 ASSAY_OK);
    struct signing *s = group_choose(by, 1);
    cr_assert_eq(group_sign(by, s, tbs, signature), ASSAY_OK);
    group_signing_free(s);
    cr_assert_eq(assay_credential_certificate(tbs, signature, certificate_of_other.bytes,
                                              sizeof certificate_of_other.bytes, &out),
                 ASSAY_OK);
    certificate_of_other.len = out.len;
    proof.certificate_count = 2;
    proof.certificate[1] = slice_of(&certificate_of_other);
}

/* docs/identity.md 5.1.1. */
Test(authority_proof, the_active_number_is_proven_with_the_signature_of_the_one_before)
{
    struct assay_ca *const ca = fold();
    ca->olds = 1;
    ca->old[0] = (struct assay_ca_old){ .number = NUMBER - 1, .until = EPOCH + 2 };
    assay_bytes_copy(ca->old[0].key, 32, other->key, 32);
    close_epochs(EPOCH + 1, EPOCH + 1);
    make_proof();
    add_cross(group, NUMBER, other, NUMBER - 1);
    cr_assert_eq(verify(), ASSAY_AUTHORITY_PROVEN, "%s", proven->why);
    cr_assert_eq(proven->count, 2);
    cr_expect(assay_slice_equal(proven->number[1].cross, slice_of(&certificate_of_other)));
    cr_expect(assay_slice_equal(proven->number[1].certificate, slice_of(&certificate)));
    cr_expect_eq(proven->number[0].cross.len, 0);
    certificate_of_other.bytes[certificate_of_other.len - 1] ^= 1;
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE, "forged");
    add_cross(other, NUMBER - 1, group, NUMBER);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE, "backwards");
    add_cross(group, NUMBER, other, NUMBER - 2);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE, "by a number that is not published");
    add_cross(group, NUMBER + 1, other, NUMBER - 1);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE, "of another number");
    close_epochs(EPOCH + 2, EPOCH + 2);
    make_proof();
    add_cross(group, NUMBER, other, NUMBER - 1);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE, "the one before is gone");
}

/* --- attack 34: the bundle is swapped */

Test(authority_proof, another_key_has_no_digest_in_leaf_0)
{
    struct assay_writer w = assay_writer_over(identity, sizeof identity);
    assay_bytes_copy(fold()->key, 32, other->key, 32);
    cr_assert_eq(assay_ca_document_encode(fold(), 0, &w), ASSAY_OK);
    certify(network_ca(), other, &certificate); /* all of it fits together */
    proof.identity = assay_slice_over(identity, w.len);
    proof.certificate[0] = slice_of(&certificate);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_DOCUMENT);
    cr_expect_eq(proven->count, 0);
}

Test(authority_proof, the_document_of_the_ceremony_is_not_that_of_the_key)
{
    struct assay_writer w = assay_writer_over(identity, sizeof identity);
    cr_assert_eq(assay_ca_document_encode(fold(), 1, &w), ASSAY_OK);
    proof.identity = assay_slice_over(identity, w.len);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_DOCUMENT);
}

Test(authority_proof, an_older_document_is_refused_with_the_newer_state)
{
    static uint8_t before[ASSAY_CA_DOCUMENT_LEN_MAX];
    struct assay_writer w = assay_writer_over(before, sizeof before);
    cr_assert_eq(assay_ca_document_encode(fold(), 0, &w), ASSAY_OK);
    assay_bytes_copy(fold()->key, 32, other->key, 32); /* the key was retired */
    fold()->ca_number = NUMBER + 1;
    close_epochs(EPOCH + 1, EPOCH + 1);
    make_proof();
    proof.identity = assay_slice_over(before, w.len);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_DOCUMENT);
}

Test(authority_proof, a_certificate_of_another_key_domain_number_chain_or_mark_is_refused)
{
    for (unsigned what = 0; what < 6; what++) {
        struct assay_credential_ca ca = network_ca();
        if (what == 1) ca.trust_domain = text_of("mash.example");
        if (what == 2) ca.number += 1;
        if (what == 3) ca.chain_id[0] ^= 1;
        if (what == 4) ca.insecure = true;
        certify(ca, what == 0 ? other : group, &certificate);
        if (what == 5) certificate.bytes[certificate.len - 1] ^= 1; /* its signature */
        proof.certificate[0] = slice_of(&certificate);
        cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE, "%u: %s", what,
                     assay_keyholder_authority_text(proven->answer));
        cr_expect_not_null(proven->why, "%u", what);
    }
}

Test(authority_proof, no_bytes_follow_a_certificate)
{
    const size_t len = certificate.len;
    certificate.bytes[certificate.len++] = 0x30;
    proof.certificate[0] = slice_of(&certificate);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE);
    assay_bytes_copy(certificate.bytes + len, sizeof certificate.bytes - len, certificate.bytes,
                     len); /* the same once more */
    certificate.len = 2 * len;
    proof.certificate[0] = slice_of(&certificate);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE);
    certificate.len = 0;
    proof.certificate[0] = slice_of(&certificate);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_CERTIFICATE);
}

Test(authority_proof, without_a_certificate_the_key_alone_is_proven)
{
    proof.certificate_count = 0;
    cr_expect_eq(verify(), ASSAY_AUTHORITY_PROVEN);
    cr_expect_eq(proven->number[0].certificate.len, 0);
}

/* --- terms of the plan */

Test(authority_proof, a_node_chooses_neither_domain_nor_issuer_nor_validity)
{
    for (unsigned what = 0; what < 4; what++) {
        struct assay_registry_plan shown = *plan;
        if (what == 0) shown.identity.trust_domain[0] = 'n';
        if (what == 1) shown.identity.issuer[8] = 'j';
        if (what == 2) shown.identity.validity_s += 1;
        if (what == 3) shown.identity.insecure = true;
        struct assay_writer w = assay_writer_over(planned, sizeof planned);
        cr_assert_eq(assay_keyholder_authority_plan_encode(&shown, &w), ASSAY_OK);
        proof.plan = assay_slice_over(planned, w.len);
        cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_PLAN, "%u", what);
    }
    proof.plan = assay_slice_over(planned, 0);
    cr_expect_eq(verify(), ASSAY_AUTHORITY_OTHER_PLAN);
}

/* --- the state */

Test(authority_proof, a_state_without_a_quorum_proves_nothing)
{
    const struct assay_registry_member none = { .standing = ASSAY_REGISTRY_STAND_NONE };
    assay_registry_close_epoch(registry, EPOCH + 1, &none, 1, facts, NULL, NULL);
    boundary_maker_close(maker, registry, true, 2);
    make_proof();
    cr_expect_eq(verify(), ASSAY_AUTHORITY_NOT_PROVEN);
    cr_expect_eq(proven->state, ASSAY_PROOF_NO_QUORUM);
}

Test(authority_proof, a_proof_of_another_chain_proves_nothing)
{
    checkpoint.chain_id[0] ^= 1;
    cr_expect_eq(verify(), ASSAY_AUTHORITY_NOT_PROVEN);
    cr_expect_eq(proven->state, ASSAY_PROOF_OTHER_CHAIN);
}

Test(authority_proof, no_key_is_said_so)
{
    fold()->key_lost = true;
    close_epochs(EPOCH + 1, EPOCH + 1);
    make_proof();
    cr_expect_eq(verify(), ASSAY_AUTHORITY_KEY_LOST);
}

/* --- the encoding */

Test(authority_proof, round_trip_and_every_truncation)
{
    static uint8_t bytes[ASSAY_AUTHORITY_PROOF_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_authority_proof read;
    cr_assert_eq(assay_keyholder_authority_encode(&proof, &w), ASSAY_OK);
    cr_assert_eq(assay_keyholder_authority_decode(assay_slice_over(bytes, w.len), &read), ASSAY_OK);
    cr_expect(assay_slice_equal(read.proof, proof.proof));
    cr_expect(assay_slice_equal(read.identity, proof.identity));
    cr_expect(assay_slice_equal(read.plan, proof.plan));
    cr_expect_eq(read.certificate_count, 1);
    cr_expect(assay_slice_equal(read.certificate[0], proof.certificate[0]));
    for (size_t len = 0; len < w.len; len++)
        cr_expect_neq(assay_keyholder_authority_decode(assay_slice_over(bytes, len), &read),
                      ASSAY_OK, "%zu", len);
    bytes[w.len] = 0;
    cr_expect_eq(assay_keyholder_authority_decode(assay_slice_over(bytes, w.len + 1), &read),
                 ASSAY_E_TRAILING);
}

/* Bytes of the identity document, the plan and the certificate are all bound. */
Test(authority_proof, no_bit_of_what_is_bound_can_be_flipped)
{
    const struct {
        uint8_t *bytes;
        size_t len;
    } parts[] = { { identity, proof.identity.len },
                  { planned, proof.plan.len },
                  { certificate.bytes, certificate.len } };
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++)
        for (size_t i = 0; i < parts[part].len; i += 3) {
            parts[part].bytes[i] ^= (uint8_t)(1U << (i % 8));
            cr_expect_neq(verify(), ASSAY_AUTHORITY_PROVEN, "%zu: %zu", part, i);
            parts[part].bytes[i] ^= (uint8_t)(1U << (i % 8));
        }
    cr_expect_eq(verify(), ASSAY_AUTHORITY_PROVEN);
}
