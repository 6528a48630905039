/*
 * tests/unit/quote/x509/test_carrier.c - evidence in certificates: every form is found, and no
 * certificate is accepted whose key the evidence does not vouch for.
 */
#include "tests/unit/quote/x509/carrier_world.h"

#include "base/base64.h"
#include "quote/result/ar4si.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct world *w;
static struct carrier_made made;
static struct assay_carrier carrier;
static uint8_t *room;

static void set_up(void)
{
    w = world_open();
    room = malloc(assay_carrier_room(ASSAY_CARRIER_LEN_MAX));
    cr_assert_not_null(room);
}

static void tear_down(void)
{
    free(room);
    world_close(w);
}

TestSuite(quote_carrier, .init = set_up, .fini = tear_down);

static enum assay_status open_bytes(const void *bytes, size_t len)
{
    carrier = (struct assay_carrier){ .form = ASSAY_CARRIER_NONE };
    return assay_carrier_open(assay_slice_over(bytes, len), room, assay_carrier_room(len),
                              &carrier);
}

/* The verdict on a certificate by the plan. */
static void judge(const struct carrier_plan *plan)
{
    carrier_make(w, plan, &made);
    const enum assay_status status = open_bytes(made.der, made.len);
    cr_assert_eq(status, ASSAY_OK, "form %d: %s", (int)plan->form, assay_status_symbol(status));
    cr_assert_eq(carrier.form, plan->form);
    cr_assert_eq(carrier.kind, ASSAY_KIND_SOFT);
    cr_assert(assay_slice_equal(carrier.evidence, assay_slice_over(w->quote, w->quote_len)));
    cr_assert(
        assay_slice_equal(carrier.certificate.spki, assay_slice_over(made.spki, sizeof made.spki)));
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_assert_eq(assay_carrier_appraise(&carrier, &w->verdict), ASSAY_OK);
}

static void expect_bound(const struct carrier_plan *plan)
{
    judge(plan);
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING, "form %d, choice %d: %s", (int)plan->form,
                 (int)plan->choice, w->verdict.reasons[0].observed);
    cr_expect_eq(w->verdict.reason_count, 0);
}

static void expect_refused(const struct carrier_plan *plan, const char *observed)
{
    judge(plan);
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED, "form %d", (int)plan->form);
    cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "the machine is what it is");
    cr_expect(assay_verdict_has(&w->verdict, ASSAY_RULE_CARRIER_KEY));
    cr_expect_not_null(strstr(w->verdict.reasons[0].observed, observed), "%s",
                       w->verdict.reasons[0].observed);
}

static const struct carrier_plan forms[] = {
    { .form = ASSAY_CARRIER_RA_TLS },
    { .form = ASSAY_CARRIER_RA_TLS, .hash = 7 },
    { .form = ASSAY_CARRIER_RA_TLS, .hash = 8, .old_names = true },
    { .form = ASSAY_CARRIER_DICE, .choice = CHOICE_SEQUENCE },
    { .form = ASSAY_CARRIER_DICE, .choice = CHOICE_BARE, .hash = 7 },
    { .form = ASSAY_CARRIER_DICE, .choice = CHOICE_JSON, .hash = 8 },
    { .form = ASSAY_CARRIER_CMW, .choice = CHOICE_CBOR },
    { .form = ASSAY_CARRIER_CMW, .choice = CHOICE_JSON, .hash = 8 },
    { .form = ASSAY_CARRIER_DSTACK },
    { .form = ASSAY_CARRIER_SGX_SDK },
    { .form = ASSAY_CARRIER_GRAMINE },
    { .form = ASSAY_CARRIER_OPEN_ENCLAVE },
    { .form = ASSAY_CARRIER_OPEN_ENCLAVE, .old_names = true },
};
enum { FORMS = sizeof forms / sizeof forms[0] };

Test(quote_carrier, every_form_binds_the_key_of_its_certificate)
{
    for (size_t i = 0; i < FORMS; i++)
        expect_bound(&forms[i]);
}

/* The attack: genuine evidence of another machine, in a certificate of the attacker's own key. */
Test(quote_carrier, evidence_about_another_key_is_refused)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct carrier_plan plan = forms[i];
        plan.other_key = true;
        expect_refused(&plan, "");
    }
}

/* Without collateral nothing is known of the machine, and the key is refused all the same. */
Test(quote_carrier, a_key_is_refused_when_nothing_else_is_known)
{
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE, .other_key = true };
    carrier_make(w, &plan, &made);
    cr_assert_eq(open_bytes(made.der, made.len), ASSAY_OK);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    assay_verdict_add(&w->verdict, ASSAY_RULE_COLLATERAL_MISSING, 0, "TCB info", "none");
    assay_verdict_conclude(&w->verdict);
    cr_assert_eq(assay_carrier_appraise(&carrier, &w->verdict), ASSAY_OK);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    const struct assay_trust_vector vector = assay_ar4si_vector(&w->verdict, NULL);
    cr_expect_eq(vector.claims[ASSAY_TRUST_INSTANCE_IDENTITY], 96);
    cr_expect_eq(vector.claims[ASSAY_TRUST_HARDWARE], -1);
}

Test(quote_carrier, report_data_ends_with_the_hash)
{
    for (size_t i = 0; i < FORMS; i++) {
        struct carrier_plan plan = forms[i];
        const bool is_full = plan.form != ASSAY_CARRIER_RA_TLS && plan.hash == 8;
        if (is_full || plan.form == ASSAY_CARRIER_DSTACK) continue; /* 64 bytes leave no tail */
        plan.long_tail = true;
        expect_refused(&plan, "");
    }
}

/* Claims that name the right key, and that nobody quoted. */
Test(quote_carrier, claims_count_when_they_were_quoted)
{
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_RA_TLS, .other_claims = true };
    expect_refused(&plan, "");
}

Test(quote_carrier, claims_must_name_a_key)
{
    const struct carrier_plan none = { .form = ASSAY_CARRIER_RA_TLS, .no_claim = true };
    const struct carrier_plan unknown = { .form = ASSAY_CARRIER_RA_TLS, .hash = 2 };
    expect_refused(&none, "without pubkey-hash");
    expect_refused(&unknown, "not known");
}

/* A name, a date, another extension: what relying parties read is signed by the same key. */
Test(quote_carrier, a_changed_certificate_is_refused)
{
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE };
    static const char name[] = "an enclave";
    judge(&plan);
    for (size_t at = made.len - sizeof name; at > 0; at--)
        if (assay_bytes_equal(made.der + at, name, sizeof name - 1)) made.der[at] = 'A';
    cr_assert_eq(open_bytes(made.der, made.len), ASSAY_OK);
    cr_assert_str_eq(carrier.certificate.subject_name, "An enclave");
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(assay_carrier_appraise(&carrier, &w->verdict), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_assert_not_null(strstr(w->verdict.reasons[0].expected, "its own key signed"));
}

Test(quote_carrier, the_certificate_of_an_authority_stands_by_its_evidence)
{
    struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE, .is_issued = true };
    expect_bound(&plan);
    cr_assert(assay_carrier_is_issued(&carrier), "and the caller knows");
    plan.other_key = true;
    expect_refused(&plan, "");
}

Test(quote_carrier, a_certificate_has_its_time)
{
    struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE, .to_s = WORLD_AT };
    expect_bound(&plan);
    cr_assert_eq(w->verdict.expires_unix_s, WORLD_AT, "the verdict ends with it");
    plan.to_s = WORLD_AT - 1;
    judge(&plan);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_NONE);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_CERT_TIME));
    plan.to_s = 0;
    plan.from_s = WORLD_AT + 1;
    judge(&plan);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_NONE);
    plan.other_key = true;
    judge(&plan);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED, "no is more than not yet");
}

/* --- files */
static size_t put_pem(char *text, size_t len, const char *label, const uint8_t *der, size_t der_len)
{
    cr_assert_eq(assay_pem_put(label, der, der_len, (uint8_t *)text, CARRIER_BYTES_MAX * 4, &len),
                 ASSAY_OK);
    return len;
}

Test(quote_carrier, a_chain_as_text_has_the_evidence_of_its_leaf)
{
    static char text[CARRIER_BYTES_MAX * 4];
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_CMW, .choice = CHOICE_JSON };
    const struct assay_slice root = w->bundle.files.part[ASSAY_PART_TCB_CHAIN];
    carrier_make(w, &plan, &made);
    size_t len = put_pem(text, 0, "PRIVATE KEY", made.der, 40);
    len = put_pem(text, len, "CERTIFICATE", made.der, made.len);
    assay_bytes_copy(text + len, sizeof text - len, root.bytes, root.len);
    cr_assert_eq(open_bytes(text, len + root.len), ASSAY_OK);
    cr_assert_eq(carrier.form, ASSAY_CARRIER_CMW);
    cr_assert(assay_slice_equal(carrier.evidence, assay_slice_over(w->quote, w->quote_len)));
    cr_assert_eq(open_bytes(root.bytes, root.len), ASSAY_E_NOT_FOUND);
}

/* The attack: a server of any key appends the certificate of a genuine one to its chain. */
Test(quote_carrier, evidence_behind_the_leaf_is_not_the_server_s)
{
    static char text[CARRIER_BYTES_MAX * 4];
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE };
    const struct assay_slice other = w->bundle.files.part[ASSAY_PART_TCB_CHAIN];
    carrier_make(w, &plan, &made);
    assay_bytes_copy(text, sizeof text, other.bytes, other.len);
    const size_t len = put_pem(text, other.len, "CERTIFICATE", made.der, made.len);
    cr_assert_eq(open_bytes(text, len), ASSAY_E_NOT_FOUND);
    cr_assert_eq(open_bytes(text + other.len, len - other.len), ASSAY_OK, "by itself it has some");
}

/* Anybody with a GPU gets its signature over the hash of any key. */
Test(quote_carrier, a_device_alone_vouches_for_no_key)
{
    static const enum assay_evidence_kind devices[] = { ASSAY_KIND_NVIDIA_GPU,
                                                        ASSAY_KIND_NVIDIA_SWITCH };
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_CMW };
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        expect_bound(&plan);
        w->verdict.kind = devices[i]; /* of the same report data */
        cr_assert_eq(assay_carrier_appraise(&carrier, &w->verdict), ASSAY_OK);
        cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
        cr_expect(assay_verdict_has(&w->verdict, ASSAY_RULE_CARRIER_KEY));
    }
}

Test(quote_carrier, what_is_no_carrier_is_left_alone)
{
    static const char document[] = "{\"tcbInfo\":{\"version\":3},\"signature\":\"00\"}";
    cr_assert_eq(open_bytes(w->quote, w->quote_len), ASSAY_E_NOT_FOUND);
    cr_assert_eq(open_bytes("", 0), ASSAY_E_NOT_FOUND);
    cr_assert_eq(open_bytes(document, sizeof document - 1), ASSAY_E_NOT_FOUND);
    cr_assert_eq(open_bytes("[]", 2), ASSAY_E_NOT_FOUND);
    cr_assert_eq(open_bytes("\x82\x01", 2), ASSAY_E_NOT_FOUND);
    cr_assert_eq(open_bytes("-----BEGIN", 10), ASSAY_E_NOT_FOUND);
}

/* Every prefix ends in an answer, and none but the whole one in evidence. */
Test(quote_carrier, a_cut_certificate_has_no_evidence)
{
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_RA_TLS };
    carrier_make(w, &plan, &made);
    for (size_t len = 0; len < made.len; len += len < 200 ? 1 : 97)
        cr_assert_neq(open_bytes(made.der, len), ASSAY_OK, "%zu bytes", len);
}

/* Gramine writes both. */
Test(quote_carrier, the_older_form_does_not_replace_the_newer)
{
    const struct carrier_plan before = { .form = ASSAY_CARRIER_RA_TLS, .older_before = true };
    const struct carrier_plan after = { .form = ASSAY_CARRIER_RA_TLS, .older_after = true };
    const struct carrier_plan twice = { .form = ASSAY_CARRIER_GRAMINE, .older_after = true };
    expect_bound(&before);
    expect_bound(&after);
    carrier_make(w, &twice, &made);
    cr_assert_eq(open_bytes(made.der, made.len), ASSAY_E_DUPLICATE);
}

Test(quote_carrier, an_extension_of_another_name_is_no_evidence)
{
    static const uint8_t gramine[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf8, 0x4d, 0x8a, 0x39, 0x06 };
    const struct carrier_plan plan = { .form = ASSAY_CARRIER_GRAMINE };
    carrier_make(w, &plan, &made);
    for (size_t at = 0; at + sizeof gramine < made.len; at++)
        if (assay_bytes_equal(made.der + at, gramine, sizeof gramine)) made.der[at + 10] = 7;
    cr_assert_eq(open_bytes(made.der, made.len), ASSAY_E_NOT_FOUND, "of no known name: none");
}
