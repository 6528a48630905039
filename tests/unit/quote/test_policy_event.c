/*
 * tests/unit/quote/test_policy_event.c - tests of the event entries of a policy file, and of the
 * banks that a policy accepts.
 */
#include "quote/accept/policy.h"
#include "quote/yaml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SHA256_TEXT "33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb"
#define SHA384_TEXT SHA256_TEXT "33d8736db756ed4997e04ba358d27833"

static const char full[] =
    "policy_version: 1\nprofile: production\nevents:\n"
    "  - { state: required, register: rtmr1, type: EV_EFI_BOOT_SERVICES_APPLICATION,\n"
    "      digest: \"" SHA384_TEXT "\" }\n"
    "  - { state: denied, register: pcr4, data: malware }\n"
    "  - { state: allowed, register: pcr4, type: 4660, data: x }\n"
    "  - { state: retiring, file: /usr/bin/a, digest: \"" SHA256_TEXT "\" }\n";

static void expect_wrong_event(const char *entry, const char *part)
{
    struct assay_policy p;
    char text[512], message[ASSAY_YAML_MESSAGE_MAX];
    (void)snprintf(text, sizeof text, "policy_version: 1\nprofile: production\nevents:\n  - %s\n",
                   entry);
    const uint8_t *const bytes = (const uint8_t *)text;
    cr_expect_neq(assay_policy_parse_yaml(bytes, strlen(text), &p, message), ASSAY_OK, "%s", entry);
    cr_expect(strstr(message, part) != NULL, "%s: %s", entry, message);
}

Test(quote_policy_event, says_what_is_wrong_with_an_event)
{
    expect_wrong_event("{ state: allowed, digest: \"" SHA256_TEXT "\" }", "register or file");
    expect_wrong_event("{ state: allowed, register: pcr4, file: a, digest: \"" SHA256_TEXT "\" }",
                       "register or file");
    expect_wrong_event("{ state: allowed, register: pcr24, data: x }", "pcr23");
    expect_wrong_event("{ state: allowed, register: mrtd, data: x }", "rtmr0");
    expect_wrong_event("{ state: allowed, register: pcr4 }", "digest, or data");
    expect_wrong_event("{ state: allowed, register: pcr4, data: x, digest: \"" SHA256_TEXT "\" }",
                       "digest, or data");
    expect_wrong_event("{ state: allowed, register: pcr4, digest: abcd }", "64, 96 or 128");
    /* RTMRs have one bank: a digest of another could never be looked for. */
    expect_wrong_event("{ state: denied, register: rtmr1, digest: \"" SHA256_TEXT "\" }",
                       "expected 96 hexadecimal");
    expect_wrong_event("{ state: allowed, register: pcr4, type: EV_NO_ACTION, data: x }", "type");
    expect_wrong_event("{ state: allowed, register: pcr4, type: 010, data: x }", "type");
    expect_wrong_event("{ state: allowed, register: pcr4, type: ima, data: x }", "type");
    expect_wrong_event("{ state: allowed, file: a }", "name, its digest");
    expect_wrong_event("{ state: allowed, file: a, type: 1, digest: \"" SHA256_TEXT "\" }",
                       "name, its digest");
    expect_wrong_event("{ state: wished, file: a, digest: \"" SHA256_TEXT "\" }", "state");
    expect_wrong_event("{ state: allowed, register: pcr4,"
                       " digest: \"33d8736db756ed4997e04ba358d27833188f1932\" }",
                       "64, 96 or 128");
}

Test(quote_policy_event, checks_events)
{
    struct assay_policy p;
    char message[ASSAY_YAML_MESSAGE_MAX];
    const uint8_t *const bytes = (const uint8_t *)full;
    cr_assert_eq(assay_policy_parse_yaml(bytes, sizeof full - 1, &p, message), ASSAY_OK, "%s",
                 message);
    cr_assert_eq(p.event_count, 4);
    struct assay_event_reference *const e = &p.events[0], *const file = &p.events[3];
    const struct assay_event_reference was = *e, was_file = *file;
    cr_expect_eq(assay_policy_check(&p), ASSAY_OK);
    e->field = ASSAY_REFERENCE_MRTD;
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    *e = was;
    e->text[0] = 'x'; /* data and a digest */
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    *e = was;
    e->value_len = 0; /* neither */
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    e->value_len = 20;
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    *e = was;
    e->has_type = false; /* a type that does not count */
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    *e = was;
    file->field = ASSAY_REFERENCE_PCR0;
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    *file = was_file;
    file->text[0] = '\0';
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    *file = was_file;
    file->text[0] = '\n';
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_RANGE);
    *file = was_file;
    p.event_count = ASSAY_EVENT_REFERENCES_MAX + 1;
    cr_expect_eq(assay_policy_check(&p), ASSAY_E_RANGE);
}

/* --- of the banks that events extend */
static enum assay_status read_text(const char *text, struct assay_policy *policy, char *message)
{
    return assay_policy_parse_yaml((const uint8_t *)text, strlen(text), policy, message);
}

/* evidence-rules.md 7.5 */
Test(quote_policy_event, a_value_of_sha1_needs_the_key_that_accepts_weak_banks)
{
    struct assay_policy p;
    char message[ASSAY_YAML_MESSAGE_MAX];
    static const char value[] = "references:\n  - { field: pcr7, state: allowed, value: "
                                "\"33d8736db756ed4997e04ba358d27833188f1932\" }\n";
    static const char head[] = "policy_version: 1\nprofile: production\n";
    char text[512];
    (void)snprintf(text, sizeof text, "%s%s", head, value);
    cr_assert_eq(read_text(text, &p, message), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "tpm_weak_banks"), "%s", message);
    (void)snprintf(text, sizeof text, "%stpm_weak_banks: affirming\n", head);
    cr_assert_eq(read_text(text, &p, message), ASSAY_E_RANGE);
    (void)snprintf(text, sizeof text, "%stpm_weak_banks: warning\n%s", head, value);
    cr_assert_eq(read_text(text, &p, message), ASSAY_OK, "%s", message);
    cr_assert_eq(p.references[0].value_len, 20);
    p.tpm_weak_banks = ASSAY_ACCEPT_REFUSED;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_INVALID);
    p.reference_count = 0;
    p.tpm_weak_banks = ASSAY_ACCEPT_AFFIRMING;
    cr_assert_eq(assay_policy_check(&p), ASSAY_E_INVALID);
}
