/*
 * tests/unit/quote/audit/test_tpm.c - adversarial TPM evidence: an attacker that owns a TPM,
 * certificates of others, and every field of a package.
 */
#include "quote/accept/policy.h"
#include "quote/certificates/chain.h"
#include "quote/collateral/collateral.h"
#include "quote/package.h"
#include "quote/tpm/tpm.h"
#include "quote/verify.h"
#include "tests/support/authority.h"
#include "tests/support/signature_count.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { AT = 1750000000, PACKAGE_MAX = 32768, CERTIFICATES = 8 };

enum { ROOT, ISSUER, AK, STRANGER, KEYS };

static const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA256;

/* A quote of no PCRs over the challenge "abc", its key certified by the issuer. */
struct bench {
    struct authority_key *keys[KEYS];
    uint8_t der[CERTIFICATES][AUTHORITY_DER_MAX];
    uint8_t crl_der[3 * AUTHORITY_DER_MAX];
    uint8_t spki[256], attest[128], signature[128], bytes[PACKAGE_MAX];
    struct assay_package package;
    struct assay_collateral *collateral;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_verdict verdict;
};

/* ExtKeyUsageSyntax of one purpose, 2.23.133.8.<last>. */
static void add_use(struct authority_certificate *c, uint8_t last)
{
    const uint8_t value[] = { 0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, last };
    authority_add_extension(c, "2.5.29.37", false, value, sizeof value);
}

static void put(struct bench *b, size_t index, const struct authority_certificate *c)
{
    const size_t len = authority_certificate_make(c, b->der[index]);
    b->package.certificates[index] = assay_slice_over(b->der[index], len);
    if (b->package.certificate_count <= index) b->package.certificate_count = index + 1;
}

static void sign_quote(struct bench *b)
{
    struct assay_signature raw;
    struct assay_key key;
    uint8_t digest[ASSAY_SHA256_LEN];
    size_t len = 0;
    assay_sha256("", 0, digest);
    struct assay_writer w = assay_writer_over(b->attest, sizeof b->attest);
    const uint8_t head[] = { 0xff, 'T', 'C', 'G', 0x80, 0x18, 0, 0, 0, 3, 'a', 'b', 'c' };
    assay_writer_put(&w, head, sizeof head);
    assay_writer_zero(&w, 17 + 8 + 4); /* clock, firmware version, no banks */
    assay_writer_u16be(&w, sizeof digest);
    assay_writer_put(&w, digest, sizeof digest);
    b->package.main = assay_slice_over(b->attest, w.len);
    authority_sign(b->keys[AK], alg, b->attest, w.len, &raw);
    w = assay_writer_over(b->signature, sizeof b->signature);
    assay_writer_u16be(&w, ASSAY_TPM_ECDSA);
    assay_writer_u16be(&w, ASSAY_TPM_SHA256);
    for (size_t half = 0; half < 2; half++) {
        assay_writer_u16be(&w, 32);
        assay_writer_put(&w, raw.bytes + 48 * half + 16, 32);
    }
    b->package.signature = assay_slice_over(b->signature, w.len);
    authority_key_public(b->keys[AK], &key);
    cr_assert_eq(assay_key_spki(&key, b->spki, sizeof b->spki, &len), ASSAY_OK);
    b->package.key = assay_slice_over(b->spki, len);
}

static struct bench *open(void)
{
    struct bench *const b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    b->collateral = calloc(1, sizeof *b->collateral);
    cr_assert_not_null(b->collateral);
    for (size_t i = 0; i < KEYS; i++) b->keys[i] = authority_key_make(ASSAY_KEY_P256);
    b->package.kind = ASSAY_KIND_TPM;
    sign_quote(b);
    struct authority_certificate ak =
        authority_leaf("AK", b->keys[AK], "Issuer", b->keys[ISSUER], alg);
    const struct authority_certificate issuer =
        authority_ca("Issuer", b->keys[ISSUER], "Root", b->keys[ROOT], alg);
    add_use(&ak, 3);
    put(b, 0, &ak);
    put(b, 1, &issuer);
    b->endorsements.count = 1;
    b->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    authority_key_public(b->keys[ROOT], &b->endorsements.entries[0].root);
    assay_policy_default(&b->policy);
    return b;
}

static void close_bench(struct bench *b)
{
    for (size_t i = 0; i < KEYS; i++) authority_key_free(&b->keys[i]);
    free(b->collateral);
    free(b);
}

static void judge(struct bench *b)
{
    struct assay_writer w = assay_writer_over(b->bytes, sizeof b->bytes);
    assay_package_encode(&b->package, &w);
    cr_assert(!w.full);
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .bytes = b->bytes,
                                                    .len = w.len,
                                                    .at_unix_s = AT,
                                                    .endorsements = &b->endorsements,
                                                    .policy = &b->policy };
    cr_assert_eq(assay_evidence_verify(NULL, &request, &b->verdict), ASSAY_OK);
}

/* A list of one of the two authorities: revoked is the serial number of one certificate, or 0. */
struct listing {
    const char *issuer;
    int signer;
    uint64_t revoked;
    int from_s; /* seconds from AT; 0: a minute before */
    bool is_over;
    uint64_t number;
};

static void publish(struct bench *b, const struct listing *listings, size_t count)
{
    struct assay_collateral_files files = { 0 };
    size_t len = 0;
    files.part[ASSAY_PART_CERTIFICATES] = b->package.certificates[1];
    for (size_t i = 0; i < count; i++) {
        const struct listing *const l = &listings[i];
        const int from_s = l->from_s == 0 ? -60 : l->from_s;
        const struct authority_crl list = { .issuer = l->issuer,
                                            .signer = b->keys[l->signer],
                                            .alg = alg,
                                            .number = l->number,
                                            .from_s = AT + from_s,
                                            .to_s = AT + (l->is_over ? -1 : 60 + from_s + 3600),
                                            .revoked_count = l->revoked != 0,
                                            .revoked = &l->revoked };
        uint8_t der[AUTHORITY_DER_MAX];
        const size_t one = authority_crl_make(&list, der);
        cr_assert_leq(len + one, sizeof b->crl_der);
        assay_bytes_copy(b->crl_der + len, sizeof b->crl_der - len, der, one);
        len += one;
    }
    files.part[ASSAY_PART_CRL] = assay_slice_over(b->crl_der, len);
    cr_assert_eq(
        assay_collateral_build(&files, &b->endorsements.entries[0].root, b->collateral), ASSAY_OK);
    cr_assert(assay_collateral_sound(b->collateral));
    cr_assert_eq(b->collateral->list_count, count);
    b->endorsements.entries[0].collateral = b->collateral;
}

static const struct listing both[] = { { "Root", ROOT, 0, 0, false, 0 },
                                       { "Issuer", ISSUER, 0, 0, false, 0 } };

Test(audit_tpm, a_key_certified_by_an_issuer_is_genuine)
{
    struct bench *const b = open();
    judge(b);
    cr_assert_eq(b->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert(assay_verdict_has(&b->verdict, ASSAY_RULE_REVOCATION_UNKNOWN));
    publish(b, both, 2);
    b->policy.platform.require_crl = true;
    judge(b);
    cr_assert_eq(b->verdict.tier, ASSAY_TIER_AFFIRMING);
    close_bench(b);
}

/* A list says nothing of what others issued, and that is not silence. */
Test(audit_tpm, a_list_of_one_authority_is_none_of_the_other)
{
    for (size_t only = 0; only < 2; only++) {
        struct bench *const b = open();
        publish(b, &both[only], 1);
        judge(b);
        cr_assert_eq(b->verdict.genuine, ASSAY_GENUINE_TRUE);
        cr_assert(assay_verdict_has(&b->verdict, ASSAY_RULE_REVOCATION_UNKNOWN));
        b->policy.platform.require_crl = true;
        judge(b);
        cr_assert_eq(b->verdict.genuine, ASSAY_GENUINE_UNKNOWN, "required means for each");
        cr_assert(assay_verdict_has(&b->verdict, ASSAY_RULE_COLLATERAL_MISSING));
        close_bench(b);
    }
}

static uint64_t serial_of(const struct assay_slice *der)
{
    struct assay_certificate c;
    uint64_t serial = 0;
    cr_assert_eq(assay_x509_certificate(der->bytes, der->len, &c), ASSAY_OK);
    for (size_t i = ASSAY_SERIAL_LEN - 8; i < ASSAY_SERIAL_LEN; i++)
        serial = serial << 8 | c.serial[i];
    cr_assert_neq(serial, 0);
    return serial;
}

/* The root withdraws the issuer: nothing that it certified stands, whatever its own list says. */
Test(audit_tpm, a_revoked_issuer_certifies_nothing)
{
    for (int turn = 0; turn < 8; turn++) {
        struct bench *const b = open();
        struct listing lists[3] = { both[0], both[1] };
        size_t count = 2;
        lists[0].revoked = serial_of(&b->package.certificates[1]);
        if (turn == 1) { /* the other order */
            lists[1] = lists[0];
            lists[0] = both[1];
        }
        if (turn == 2) lists[1].revoked = serial_of(&b->package.certificates[0]); /* both */
        if (turn == 3) count = 1;                                               /* its list alone */
        if (turn >= 4) count = 3;
        if (turn == 4) lists[2] = (struct listing){ "Root", ROOT, 0, -600, false, 0 }; /* older */
        if (turn == 5) lists[2] = (struct listing){ "Root", ROOT, 0, 600, false, 0 };  /* to come */
        if (turn == 6) lists[2] = (struct listing){ "Root", ROOT, 0, -600, true, 0 };  /* over */
        if (turn == 7) lists[2] = (struct listing){ "Issuer", ISSUER, 0, -10, false, 0 };
        publish(b, lists, count);
        judge(b);
        cr_assert(assay_verdict_has(&b->verdict, ASSAY_RULE_CERT_REVOKED), "turn %d", turn);
        cr_assert_eq(b->verdict.tier, ASSAY_TIER_CONTRAINDICATED, "turn %d", turn);
        close_bench(b);
    }
}

/* The newest list that was out by then counts: what it leaves out stands again. */
Test(audit_tpm, a_newer_list_takes_the_place_of_an_older_one)
{
    struct bench *const b = open();
    const struct listing lists[] = {
        { "Root", ROOT, serial_of(&b->package.certificates[1]), -600, true, 0 },
        { "Issuer", ISSUER, 0, 0, false, 0 },
        { "Root", ROOT, 0, -30, false, 0 },
    };
    publish(b, lists, 3);
    b->policy.platform.require_crl = true;
    judge(b);
    cr_assert_eq(b->verdict.tier, ASSAY_TIER_AFFIRMING);
    close_bench(b);
}

/* RFC 5280 5.2.3: the number tells lists of one second apart, not the order in which they came. */
Test(audit_tpm, of_lists_of_one_second_the_highest_number_counts)
{
    struct bench *const b = open();
    const uint64_t issuer = serial_of(&b->package.certificates[1]);
    const struct listing lists[] = { { .issuer = "Issuer", .signer = ISSUER },
                                     { .issuer = "Root", .signer = ROOT, .number = 256 },
                                     { .issuer = "Root", .signer = ROOT, .revoked = issuer,
                                       .number = 257 } };
    for (size_t turn = 0; turn < 4; turn++) {
        struct listing now[3] = { lists[0], lists[1], lists[2] };
        if (turn % 2 == 1) { /* the other way round */
            now[1] = lists[2];
            now[2] = lists[1];
        }
        if (turn >= 2) now[1].number = now[2].number = 256; /* nothing tells: the worse counts */
        publish(b, now, 3);
        judge(b);
        cr_expect(assay_verdict_has(&b->verdict, ASSAY_RULE_CERT_REVOKED), "turn %zu", turn);
        cr_expect_neq(b->verdict.genuine, ASSAY_GENUINE_TRUE, "turn %zu", turn);
    }
    close_bench(b);
}

/*
 * A certificate of the key is the sender's to renew. In a network one that has run out says as
 * little as none, or letting it run out would be the way to keep a score for ever; within the lead
 * that a header's time may have it is only unjudged.
 */
Test(audit_tpm, a_certificate_that_ran_out_is_none_in_a_network)
{
    static const struct {
        int64_t late_s;
        bool exact, unproven;
    } turns[] = {
        { 1, false, false },  { 600, false, false },  { 601, false, true },
        { 601, true, false }, { 86400, false, true }, { 0, false, false },
    };
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        struct bench *const b = open();
        struct authority_certificate ak =
            authority_leaf("AK", b->keys[AK], "Issuer", b->keys[ISSUER], alg);
        ak.to_s = AT - turns[i].late_s;
        add_use(&ak, 3);
        put(b, 0, &ak);
        b->endorsements.exact = turns[i].exact;
        judge(b);
        cr_assert_eq(b->verdict.genuine,
                     turns[i].late_s == 0 ? ASSAY_GENUINE_TRUE : ASSAY_GENUINE_UNKNOWN);
        cr_assert_eq(assay_verdict_has(&b->verdict, ASSAY_RULE_CERT_TIME), turns[i].late_s > 0);
        cr_assert_eq(assay_verdict_has(&b->verdict, ASSAY_RULE_AK_UNPROVEN), turns[i].unproven,
                     "turn %zu", i);
        close_bench(b);
    }
}

/* A certificate of a pinned root's public key costs nothing to write. */
Test(audit_tpm, an_endorsement_certificate_of_the_roots_key_proves_no_tpm)
{
    struct bench *const b = open();
    struct authority_certificate ek =
        authority_leaf("EK", b->keys[ROOT], "Nobody", b->keys[STRANGER], alg);
    add_use(&ek, 1);
    b->package.certificate_count = 0;
    put(b, 0, &ek);
    b->endorsements.exact = true;
    judge(b);
    cr_assert_neq(b->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_neq(b->verdict.proofs[ASSAY_PROOF_EK_CHAIN], ASSAY_PROOF_TRUE);
    close_bench(b);
}

/* RFC 5280 4.2.1.12: purposes, critical or not, are the only ones; an empty list allows nothing. */
Test(audit_tpm, an_issuer_for_other_uses_certifies_no_attestation_key)
{
    static const struct {
        uint8_t value[16];
        size_t len;
        bool good;
    } turns[] = {
        { { 0x30, 0x00 }, 2, false },
        { { 0x30, 0x0a, 0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 1 }, 12, false }, /* TLS servers */
        { { 0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 1 }, 9, false },  /* endorsement keys */
        { { 0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 3 }, 9, true },
        { { 0x30, 0x06, 0x06, 0x04, 0x55, 0x1d, 0x25, 0x00 }, 8, true }, /* any */
    };
    for (size_t i = 0; i < 2 * sizeof turns / sizeof turns[0]; i++) {
        struct bench *const b = open();
        struct authority_certificate issuer =
            authority_ca("Issuer", b->keys[ISSUER], "Root", b->keys[ROOT], alg);
        authority_add_extension(&issuer, "2.5.29.37", i % 2 == 1, turns[i / 2].value,
                                turns[i / 2].len);
        put(b, 1, &issuer);
        judge(b);
        cr_assert_eq(b->verdict.genuine == ASSAY_GENUINE_TRUE, turns[i / 2].good, "turn %zu", i);
        if (!turns[i / 2].good)
            cr_assert(assay_verdict_has(&b->verdict, ASSAY_RULE_CHAIN_CONSTRAINTS));
        close_bench(b);
    }
}

/* An end entity has no right to certify others. */
Test(audit_tpm, a_key_that_may_sign_certificates_is_no_attestation_key)
{
    struct bench *const b = open();
    struct authority_certificate ak =
        authority_leaf("AK", b->keys[AK], "Issuer", b->keys[ISSUER], alg);
    add_use(&ak, 3);
    ak.key_usage |= ASSAY_KEY_USAGE_CERT_SIGN;
    put(b, 0, &ak);
    judge(b);
    cr_assert_eq(b->verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert(assay_verdict_has(&b->verdict, ASSAY_RULE_CHAIN_CONSTRAINTS));
    close_bench(b);
}

/* A certificate for endorsement keys, for anything, or for CAs is none for attestation keys. */
Test(audit_tpm, a_certificate_for_another_use_certifies_no_attestation_key)
{
    for (int turn = 0; turn < 4; turn++) {
        struct bench *const b = open();
        struct authority_certificate ak =
            authority_leaf("AK", b->keys[AK], "Issuer", b->keys[ISSUER], alg);
        if (turn == 0) add_use(&ak, 1);
        if (turn == 1) {
            const uint8_t any[] = { 0x30, 0x06, 0x06, 0x04, 0x55, 0x1d, 0x25, 0x00 };
            authority_add_extension(&ak, "2.5.29.37", false, any, sizeof any);
        }
        if (turn == 2) {
            ak = authority_ca("AK", b->keys[AK], "Issuer", b->keys[ISSUER], alg);
            add_use(&ak, 3);
        }
        if (turn == 3) { /* a key that may only encipher */
            ak.key_usage = ASSAY_KEY_USAGE_KEY_ENCIPHERMENT;
            add_use(&ak, 3);
        }
        put(b, 0, &ak);
        judge(b);
        cr_assert_eq(b->verdict.genuine, ASSAY_GENUINE_FALSE, "turn %d", turn);
        cr_assert_eq(b->verdict.proofs[ASSAY_PROOF_AK_TRUSTED], ASSAY_PROOF_FALSE);
        close_bench(b);
    }
}

/* --- one thing wrong at a time; the root is known as a key alone */
struct forge {
    struct bench *b;
    struct authority_certificate ak, issuer;
};

static void ak_by_somebody(struct forge *f)
{
    f->ak.signer = f->b->keys[STRANGER];
    f->ak.has_key_ids = false;
}

static void ak_by_somebody_who_says_so(struct forge *f)
{
    f->ak.signer = f->b->keys[STRANGER];
}

static void ak_of_another_key(struct forge *f)
{
    f->ak.key = f->b->keys[STRANGER];
}

static void ak_straight_from_nobody(struct forge *f)
{
    f->ak.issuer = "Nobody";
}

static void ak_signed_by_itself(struct forge *f)
{
    f->ak.issuer = f->ak.subject;
    f->ak.signer = f->b->keys[AK];
}

static void ak_that_certifies(struct forge *f)
{
    f->ak.key_usage |= ASSAY_KEY_USAGE_CERT_SIGN;
}

static void ak_that_is_a_ca(struct forge *f)
{
    f->ak.has_constraints = f->ak.is_ca = true;
}

static void ak_for_encryption(struct forge *f)
{
    f->ak.key_usage = ASSAY_KEY_USAGE_KEY_ENCIPHERMENT;
}

static void ak_without_number(struct forge *f)
{
    f->ak.serial = 0;
}

static void ak_with_a_riddle(struct forge *f)
{
    const uint8_t value[] = { 0x05, 0x00 };
    authority_add_extension(&f->ak, "1.2.3.4", true, value, sizeof value);
}

static void ak_expired(struct forge *f)
{
    f->ak.to_s = AT - 1;
}

static void ak_early(struct forge *f)
{
    f->ak.from_s = AT + 1;
}

static void issuer_by_somebody(struct forge *f)
{
    f->issuer.signer = f->b->keys[STRANGER];
    f->issuer.has_key_ids = false;
}

static void issuer_without_ca(struct forge *f)
{
    f->issuer.is_ca = false;
}

static void issuer_without_constraints(struct forge *f)
{
    f->issuer.has_constraints = false;
}

static void issuer_without_cert_sign(struct forge *f)
{
    f->issuer.key_usage = ASSAY_KEY_USAGE_DIGITAL_SIGNATURE | ASSAY_KEY_USAGE_CRL_SIGN;
}

static void issuer_without_number(struct forge *f)
{
    f->issuer.serial = 0;
}

static void issuer_with_a_riddle(struct forge *f)
{
    const uint8_t value[] = { 0x05, 0x00 };
    authority_add_extension(&f->issuer, "1.2.3.4", true, value, sizeof value);
}

static void issuer_expired(struct forge *f)
{
    f->issuer.to_s = AT - 1;
}

static void issuer_of_another_name(struct forge *f)
{
    f->issuer.subject = "Issuer 2";
}

static void issuer_signed_by_itself(struct forge *f)
{
    f->issuer.issuer = f->issuer.subject;
    f->issuer.signer = f->issuer.key;
}

static void pinned_another(struct forge *f)
{
    authority_key_public(f->b->keys[STRANGER], &f->b->endorsements.entries[0].root);
}

static void pinned_for_another_kind(struct forge *f)
{
    f->b->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP);
}

static const struct {
    const char *what;
    void (*change)(struct forge *f);
    enum assay_rule rule;
} forgeries[] = {
    { "AK by somebody", ak_by_somebody, ASSAY_RULE_CHAIN_SIGNATURE },
    { "AK by somebody else", ak_by_somebody_who_says_so, ASSAY_RULE_CHAIN_MISSING },
    { "AK of another key", ak_of_another_key, ASSAY_RULE_AK_UNPROVEN },
    { "AK from nobody", ak_straight_from_nobody, ASSAY_RULE_CHAIN_MISSING },
    { "AK by itself", ak_signed_by_itself, ASSAY_RULE_CHAIN_ROOT },
    { "AK that certifies", ak_that_certifies, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "AK that is a CA", ak_that_is_a_ca, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "AK for encryption", ak_for_encryption, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "AK without a number", ak_without_number, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "AK with an unknown critical extension", ak_with_a_riddle, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "AK expired", ak_expired, ASSAY_RULE_CERT_TIME },
    { "AK not yet valid", ak_early, ASSAY_RULE_CERT_TIME },
    { "issuer by somebody", issuer_by_somebody, ASSAY_RULE_CHAIN_MISSING },
    { "issuer without CA flag", issuer_without_ca, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "issuer without constraints", issuer_without_constraints, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "issuer that may not certify", issuer_without_cert_sign, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "issuer without a number", issuer_without_number, ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "issuer with an unknown critical extension", issuer_with_a_riddle,
      ASSAY_RULE_CHAIN_CONSTRAINTS },
    { "issuer expired", issuer_expired, ASSAY_RULE_CERT_TIME },
    { "issuer of another name", issuer_of_another_name, ASSAY_RULE_CHAIN_MISSING },
    { "issuer by itself", issuer_signed_by_itself, ASSAY_RULE_CHAIN_ROOT },
    { "another root", pinned_another, ASSAY_RULE_CHAIN_MISSING },
    { "a root for another kind", pinned_for_another_kind, ASSAY_RULE_AK_UNPROVEN },
};

Test(audit_tpm, with_one_thing_wrong_is_refused_for_it)
{
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; i++) {
        struct bench *const b = open();
        struct forge f = {
            b, authority_leaf("AK", b->keys[AK], "Issuer", b->keys[ISSUER], alg),
            authority_ca("Issuer", b->keys[ISSUER], "Root", b->keys[ROOT], alg)
        };
        add_use(&f.ak, 3);
        forgeries[i].change(&f);
        put(b, 0, &f.ak);
        put(b, 1, &f.issuer);
        judge(b);
        const enum assay_rule_class class_ = assay_rule_class_of(forgeries[i].rule);
        cr_expect(assay_verdict_has(&b->verdict, forgeries[i].rule), "%s: %s, %s",
                  forgeries[i].what, assay_rule_name(b->verdict.reasons[0].rule),
                  b->verdict.reasons[0].observed);
        cr_expect_eq(b->verdict.genuine,
                     class_ == ASSAY_RULE_FORGED ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_UNKNOWN,
                     "%s", forgeries[i].what);
        close_bench(b);
    }
}

/*
 * Eight endorsement certificates under one name, each of which could have issued every other, and
 * as many pinned roots as a network has: a bounded number of verifications per root.
 *
 * Two of the certificates are searched from (EKS_MAX in tpm_trust.c), under each root, and once
 * more under the one whose answer is reported. A search verifies no signature twice
 * (evidence-rules.md 1.15.7), and there are 16: of eight certificates, by two keys; never by the
 * root's, as each certificate names its own name as its issuer's. The first certificate's search
 * runs out of steps before it asks for one of them. The quote's own signature is one more.
 */
Test(audit_tpm, a_package_full_of_endorsement_certificates_costs_little)
{
    struct bench *const b = open();
    struct authority_key *pair[] = { authority_key_make(ASSAY_KEY_P384),
                                     authority_key_make(ASSAY_KEY_P384) };
    b->package.certificate_count = 0;
    for (size_t i = 0; i < CERTIFICATES; i++) {
        struct authority_certificate ek = authority_ca("A", pair[i % 2], "A", pair[1 - i % 2],
                                                       ASSAY_SIGNATURE_ECDSA_SHA384);
        ek.serial = 1000 + i;
        ek.has_key_ids = false;
        add_use(&ek, 1);
        put(b, i, &ek);
    }
    b->endorsements.count = ASSAY_ENDORSEMENTS_MAX;
    for (size_t i = 1; i < ASSAY_ENDORSEMENTS_MAX; i++)
        b->endorsements.entries[i] = b->endorsements.entries[0];
    test_signature_count_take();
    judge(b);
    const size_t count = test_signature_count_take();
    cr_assert_neq(b->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(count, (ASSAY_ENDORSEMENTS_MAX + 1) * (15 + 16) + 1, "%zu", count);
    for (size_t i = 0; i < 2; i++) authority_key_free(&pair[i]);
    close_bench(b);
}
