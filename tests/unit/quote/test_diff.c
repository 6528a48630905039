/*
 * tests/unit/quote/test_diff.c - tests of policy differences: each rule in both directions, and no
 * difference where only the notation differs.
 */
#include "quote/accept/policy_diff.h"
#include "quote/yaml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HEAD "policy_version: 1\nprofile: production\n"
#define A    "\"33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\""
#define B    "\"44d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\""
#define LONG                                                                                       \
    "\"33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb"                           \
    "33d8736db756ed4997e04ba358d27833\""
#define OTHER                                                                                      \
    "\"1ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"                           \
    "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394\""
#define ENTRY(...)     "  - { " __VA_ARGS__ " }\n"
#define EVENTS         "events:\n"
#define REFERENCES     "references:\n"
#define ALLOWED(value) ENTRY("field: mrenclave, state: allowed, value: " value)

static struct assay_policy_changes changes;

static void read_policy(const char *text, struct assay_policy *policy)
{
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(assay_policy_parse_yaml((const uint8_t *)text, strlen(text), policy, message),
                 ASSAY_OK, "%s\n%s", text, message);
}

/* Out: one line a change, "effect|what|before|after". */
static const char *compare(const char *before, const char *after)
{
    static struct assay_policy one, other;
    static char printed[8192];
    size_t used = 0;
    read_policy(before, &one);
    read_policy(after, &other);
    assay_policy_diff(&one, &other, &changes);
    printed[0] = '\0';
    for (uint32_t i = 0; i < changes.count; i++) {
        const struct assay_policy_change *const c = &changes.changes[i];
        used += (size_t)snprintf(printed + used, sizeof printed - used, "%s|%s|%s|%s\n",
                                 assay_policy_effect_text(c->effect), c->what.text, c->before.text,
                                 c->after.text);
        cr_assert_lt(used, sizeof printed);
    }
    return printed;
}

/* Forwards a row gives its text; backwards the opposite effect with before and after exchanged. */
static const struct {
    const char *before, *after, *forwards, *backwards;
} rows[] = {
    { HEAD, HEAD "gpu_count_max: 2\nswitch_count_min: 1\n",
      "accepts more|gpu_count_max|0|2\nrefuses more|switch_count_min|0|1\n"
      "accepts more|switch_count_max|0|4\n",
      "refuses more|gpu_count_max|2|0\naccepts more|switch_count_min|1|0\n"
      "refuses more|switch_count_max|4|0\n" },
    { HEAD, HEAD "gpu_firmware_min: [\"96.00.9F.00.04\"]\n",
      "refuses more|gpu_firmware_min|none|96.00.9f.00.04\n",
      "accepts more|gpu_firmware_min|96.00.9f.00.04|none\n" },
    { HEAD "gpu_firmware_min: [\"96.00.9F.00.04\"]\n",
      HEAD "gpu_firmware_min: [\"97.00.00.00.01\", \"96.00.A0.00.00\"]\n",
      "refuses more|gpu_firmware_min|96.00.9f.00.04|96.00.a0.00.00\n"
      "accepts more|gpu_firmware_min|none|97.00.00.00.01\n",
      "accepts more|gpu_firmware_min|96.00.a0.00.00|96.00.9f.00.04\n"
      "refuses more|gpu_firmware_min|97.00.00.00.01|none\n" },
    { HEAD, "policy_version: 1\nprofile: development\n",
      "accepts more|profile|production|development\naccepts more|kind soft|refused|accepted\n",
      "refuses more|profile|development|production\nrefuses more|kind soft|accepted|refused\n" },
    { HEAD "kinds: [sgx-v3, snp]\n", HEAD "kinds: [sgx-v3]\n",
      "refuses more|kind snp|accepted|refused\n", "accepts more|kind snp|refused|accepted\n" },
    { HEAD, HEAD "statuses: [{ status: OutOfDate, accept: refused }]\n",
      "refuses more|status OutOfDate|warning|refused\n",
      "accepts more|status OutOfDate|refused|warning\n" },
    { HEAD, HEAD "statuses: [{ status: OutOfDate, accept: warning, grace_s: 9 }]\n",
      "refuses more|status OutOfDate|warning|warning for 9 s\n",
      "accepts more|status OutOfDate|warning for 9 s|warning\n" },
    { HEAD "statuses: [{ status: OutOfDate, accept: affirming, grace_s: 8 }]\n",
      HEAD "statuses: [{ status: OutOfDate, accept: warning, grace_s: 9 }]\n",
      "differs|status OutOfDate|affirming for 8 s|warning for 9 s\n",
      "differs|status OutOfDate|warning for 9 s|affirming for 8 s\n" },
    { HEAD "tcb_evaluation_number_min: 17\n", HEAD "tcb_evaluation_number_min: 18\n",
      "refuses more|tcb_evaluation_number_min|17|18\n",
      "accepts more|tcb_evaluation_number_min|18|17\n" },
    { HEAD, HEAD "pcesvn_min: 5\n", "refuses more|pcesvn_min|0|5\n",
      "accepts more|pcesvn_min|5|0\n" },
    { HEAD "tee_tcb_svn_min: \"01020000000000000000000000000000\"\n",
      HEAD "tee_tcb_svn_min: \"01030000000000000000000000000000\"\n",
      "refuses more|tee_tcb_svn_min|01020000000000000000000000000000|"
      "01030000000000000000000000000000\n",
      "accepts more|tee_tcb_svn_min|01030000000000000000000000000000|"
      "01020000000000000000000000000000\n" },
    { HEAD "snp_tcb_min: { snp: 3 }\n", HEAD "snp_tcb_min: { tee: 1, snp: 2 }\n",
      "differs|snp_tcb_min|0000030000|0001020000\n",
      "differs|snp_tcb_min|0001020000|0000030000\n" },
    { HEAD, HEAD "service_td: refused\n", "refuses more|service_td|warning|refused\n",
      "accepts more|service_td|refused|warning\n" },
    { HEAD, HEAD "sept_ve_enabled: affirming\n", "accepts more|sept_ve_enabled|warning|affirming\n",
      "refuses more|sept_ve_enabled|affirming|warning\n" },
    { HEAD, HEAD "td_now_out_of_date: refused\n",
      "refuses more|td_now_out_of_date|warning|refused\n",
      "accepts more|td_now_out_of_date|refused|warning\n" },
    { HEAD, HEAD "td_now_revoked: warning\n", "accepts more|td_now_revoked|refused|warning\n",
      "refuses more|td_now_revoked|warning|refused\n" },
    { HEAD, HEAD "collateral_age_max_s: 86400\n",
      "refuses more|collateral_age_max_s|as long as it is valid|86400\n",
      "accepts more|collateral_age_max_s|86400|as long as it is valid\n" },
    { HEAD, HEAD "vmpl_max: 0\n", "refuses more|vmpl_max|3|0\n", "accepts more|vmpl_max|0|3\n" },
    { HEAD, HEAD "migration_agent: true\n", "accepts more|migration_agent|refused|accepted\n",
      "refuses more|migration_agent|accepted|refused\n" },
    { HEAD, HEAD "smt: false\n", "refuses more|smt|accepted|refused\n",
      "accepts more|smt|refused|accepted\n" },
    { HEAD, HEAD "single_socket_required: true\n",
      "refuses more|a guest that may use several sockets|accepted|refused\n",
      "accepts more|a guest that may use several sockets|refused|accepted\n" },
    { HEAD, HEAD "crl_required: true\n",
      "refuses more|evidence without a revocation list|accepted|refused\n",
      "accepts more|evidence without a revocation list|refused|accepted\n" },
    { HEAD "advisories_denied: [INTEL-SA-00001]\n",
      HEAD "advisories_denied: [INTEL-SA-00002, INTEL-SA-00002, INTEL-SA-00001]\n",
      "refuses more|advisory INTEL-SA-00002|accepted|refused\n",
      "accepts more|advisory INTEL-SA-00002|refused|accepted\n" },
    { HEAD "roots: [{ name: a, pinned: intel-sgx, kinds: [sgx-v3] }]\n",
      HEAD "roots: [{ name: a, pinned: intel-sgx, kinds: [sgx-v3, tdx-v4] }]\n",
      "accepts more|root a|sgx-v3|sgx-v3, tdx-v4\n",
      "refuses more|root a|sgx-v3, tdx-v4|sgx-v3\n" },
    { HEAD "roots: [{ name: a, pinned: intel-sgx, kinds: [sgx-v3] }]\n",
      HEAD "roots: [{ name: a, pinned: intel-sgx, kinds: [sgx-v3] }, { name: b, key: " OTHER
           ", kinds: [every] }]\n",
      "accepts more|root b|not trusted|every kind\n",
      "refuses more|root b|every kind|not trusted\n" },
    { HEAD "roots: [{ name: a, key: " OTHER ", kinds: [tpm2] }]\n",
      HEAD "roots: [{ name: a, key: " OTHER ", kinds: [tpm2], attestation_keys: google }]\n",
      "differs|attestation keys of root a|tcg|google\n",
      "differs|attestation keys of root a|google|tcg\n" },
    { HEAD, HEAD REFERENCES ALLOWED(A),
      "refuses more|mrenclave of sgx-v3, soft, sgx-v4, sgx-v5|any value|listed values only\n"
      "differs|mrenclave 33d8736db756ed49...|as any value|allowed\n",
      "accepts more|mrenclave of sgx-v3, soft, sgx-v4, sgx-v5|listed values only|any value\n"
      "differs|mrenclave 33d8736db756ed49...|allowed|as any value\n" },
    { HEAD REFERENCES ALLOWED(A), HEAD REFERENCES ALLOWED(A) ALLOWED(B),
      "accepts more|mrenclave 44d8736db756ed49...|not listed|allowed\n",
      "refuses more|mrenclave 44d8736db756ed49...|allowed|not listed\n" },
    { HEAD, HEAD REFERENCES ENTRY("field: mrenclave, state: denied, value: " A),
      "refuses more|mrenclave 33d8736db756ed49...|as any value|denied\n",
      "accepts more|mrenclave 33d8736db756ed49...|denied|as any value\n" },
    { HEAD REFERENCES ALLOWED(A),
      HEAD REFERENCES ENTRY("field: mrenclave, state: retiring, not_after: 2026-01-01T00:00:00Z, "
                            "isvsvn_min: 3, value: " A),
      "refuses more|mrenclave 33d8736db756ed49...|allowed|retiring to 2026-01-01T00:00:00Z from "
      "isvsvn 3\n",
      "accepts more|mrenclave 33d8736db756ed49...|retiring to 2026-01-01T00:00:00Z from isvsvn "
      "3|allowed\n" },
    { HEAD REFERENCES ALLOWED(A),
      HEAD REFERENCES ENTRY("field: mrenclave, state: allowed, not_before: 2026-01-01T00:00:00Z, "
                            "value: " A),
      "differs|mrenclave 33d8736db756ed49...|allowed|allowed from 2026-01-01T00:00:00Z\n",
      "differs|mrenclave 33d8736db756ed49...|allowed from 2026-01-01T00:00:00Z|allowed\n" },
    { HEAD, HEAD "tpm_weak_banks: warning\n", "accepts more|tpm_weak_banks|refused|warning\n",
      "refuses more|tpm_weak_banks|warning|refused\n" },
    { HEAD, HEAD "ima_unknown: refused\n", "refuses more|ima_unknown|warning|refused\n",
      "accepts more|ima_unknown|refused|warning\n" },
    { HEAD, HEAD EVENTS ENTRY("state: allowed, register: pcr4, data: shim"),
      "refuses more|event pcr4 shim|not named|allowed\n",
      "accepts more|event pcr4 shim|allowed|not named\n" },
    { HEAD EVENTS ENTRY("state: allowed, register: pcr4, data: shim"),
      HEAD EVENTS ENTRY("state: allowed, register: pcr4, data: shim")
          ENTRY("state: retiring, register: pcr4, type: EV_IPL, data: old"),
      "accepts more|event pcr4 old|not named|retiring\n",
      "refuses more|event pcr4 old|retiring|not named\n" },
    { HEAD, HEAD EVENTS ENTRY("state: denied, file: /bin/a, digest: " A),
      "refuses more|event /bin/a|not named|denied\n",
      "accepts more|event /bin/a|denied|not named\n" },
    { HEAD, HEAD EVENTS ENTRY("state: required, register: rtmr1, digest: " LONG),
      "differs|event rtmr1 33d8736db756ed49|not named|required\n",
      "differs|event rtmr1 33d8736db756ed49|required|not named\n" },
};

Test(quote_diff, tells_each_change_both_ways)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_str_eq(compare(rows[i].before, rows[i].after), rows[i].forwards, "row %zu: %s", i,
                         compare(rows[i].before, rows[i].after));
        cr_expect_str_eq(compare(rows[i].after, rows[i].before), rows[i].backwards, "row %zu: %s",
                         i, compare(rows[i].after, rows[i].before));
        cr_expect_str_eq(compare(rows[i].before, rows[i].before), "", "row %zu", i);
        cr_expect_str_eq(compare(rows[i].after, rows[i].after), "", "row %zu", i);
    }
}

Test(quote_diff, sees_no_change_where_the_writing_alone_differs)
{
    static const struct {
        const char *one, *other;
    } same[] = {
        { HEAD REFERENCES ALLOWED(A) ALLOWED(B), HEAD REFERENCES ALLOWED(B) ALLOWED(A) },
        { HEAD REFERENCES ALLOWED(A), HEAD REFERENCES ALLOWED(A) ALLOWED(A) },
        { HEAD "kinds: [sgx-v3]\n", HEAD "kinds: [sgx-v3, soft]\n" }, /* refused anyhow */
        { HEAD "statuses: [{ status: OutOfDate, accept: refused }]\n",
          HEAD "statuses: [{ status: OutOfDate, accept: refused, grace_s: 5 }]\n" },
        { HEAD "advisories_denied: [INTEL-SA-00001, INTEL-SA-00002]\n",
          HEAD "advisories_denied: [INTEL-SA-00002, INTEL-SA-00001]\n" },
        /* the pinned roots, by saying nothing and by naming each */
        { HEAD, HEAD "roots:\n" ENTRY("name: i, pinned: intel-sgx")
                    ENTRY("name: m, pinned: amd-milan") ENTRY("name: g, pinned: amd-genoa")
                        ENTRY("name: t, pinned: amd-turin") ENTRY("name: n, pinned: aws-nitro")
                            ENTRY("name: d, pinned: nvidia-device")
                                ENTRY("name: r, pinned: nvidia-rim") },
        { HEAD "roots: [{ name: a, pinned: intel-sgx, kinds: [sgx-v3, tdx-v4] }]\n",
          HEAD "roots: [{ name: b, pinned: intel-sgx, kinds: [tdx-v4] }, { name: c, pinned: "
               "intel-sgx, kinds: [sgx-v3] }]\n" },
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        cr_expect_str_eq(compare(same[i].one, same[i].other), "", "row %zu: %s", i,
                         compare(same[i].one, same[i].other));
        cr_expect_str_eq(compare(same[i].other, same[i].one), "", "row %zu back", i);
    }
}

/* Two policies with every table full and nothing in common fit into the list of changes. */
Test(quote_diff, has_room_for_everything_that_can_change)
{
    static struct assay_policy full[2];
    for (int p = 0; p < 2; p++) {
        struct assay_policy *const policy = &full[p];
        assay_policy_default(policy);
        policy->profile = (enum assay_profile)p;
        policy->kinds = p == 0 ? 0 : ASSAY_KINDS_KNOWN;
        for (int i = ASSAY_TCB_UP_TO_DATE; i < ASSAY_TCB_REVOKED; i++)
            policy->statuses[i].acceptance = p == 0 ? ASSAY_ACCEPT_REFUSED : ASSAY_ACCEPT_WARNING;
        policy->evaluation_number_min = policy->pcesvn_min = (uint16_t)p;
        memset(policy->tee_tcb_svn_min, p, sizeof policy->tee_tcb_svn_min);
        memset(policy->platform.snp_tcb_min, p, sizeof policy->platform.snp_tcb_min);
        policy->platform.service_td = policy->platform.sept_ve_enabled =
            p == 0 ? ASSAY_ACCEPT_REFUSED : ASSAY_ACCEPT_AFFIRMING;
        policy->platform.td_now_out_of_date =
            p == 0 ? ASSAY_ACCEPT_REFUSED : ASSAY_ACCEPT_AFFIRMING;
        policy->platform.td_now_revoked = p == 0 ? ASSAY_ACCEPT_REFUSED : ASSAY_ACCEPT_WARNING;
        policy->has_collateral_age = p == 0;
        policy->platform.vmpl_max = (uint8_t)p;
        policy->platform.allow_migration_agent = policy->platform.allow_smt = p == 0;
        policy->platform.require_single_socket = policy->platform.require_crl = p == 0;
        policy->root_count = ASSAY_POLICY_ROOTS_MAX;
        for (int i = 0; i < ASSAY_POLICY_ROOTS_MAX; i++) {
            uint8_t point[ASSAY_P256_PUBLIC_LEN] = { (uint8_t)p, (uint8_t)i };
            policy->roots[i].key = assay_key_p256(point);
            policy->roots[i].kinds = ASSAY_KINDS_ALL;
            policy->roots[i].ak = p == 0 ? ASSAY_AK_GOOGLE : ASSAY_AK_AZURE;
            policy->roots[i].name[0] = 'r';
        }
        policy->advisory_count = ASSAY_POLICY_ADVISORIES_MAX;
        for (int i = 0; i < ASSAY_POLICY_ADVISORIES_MAX; i++)
            (void)snprintf(policy->advisories_denied[i], ASSAY_ADVISORY_TEXT, "%d-%d", p, i);
        policy->reference_count = ASSAY_REFERENCES_MAX;
        for (int i = 0; i < ASSAY_REFERENCES_MAX; i++) {
            struct assay_reference *const r = &policy->references[i];
            const unsigned field = (unsigned)i % 24;
            r->field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + field);
            r->value_len = i % 2 == 0 ? 32 : 48;
            r->value[0] = (uint8_t)i;
            r->value[1] = (uint8_t)p;
            r->state = p == 0 ? ASSAY_REFERENCE_ALLOWED : ASSAY_REFERENCE_DENIED;
        }
    }
    for (int p = 0; p < 2; p++) {
        assay_policy_diff(&full[p], &full[1 - p], &changes);
        cr_expect_gt(changes.count, 2 * ASSAY_REFERENCES_MAX + 2 * ASSAY_POLICY_ADVISORIES_MAX);
        cr_expect_leq(changes.count, ASSAY_POLICY_CHANGES_MAX);
    }
}
