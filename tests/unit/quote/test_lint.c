/*
 * tests/unit/quote/test_lint.c - tests of the policy lint: each finding planted, and each next to a
 * clean policy without findings.
 */
#include "quote/accept/policy_lint.h"
#include "quote/result/unchecked.h"
#include "quote/yaml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { AT = 1767225600 }; /* 2026-01-01 */

#define HEAD "policy_version: 1\nprofile: production\n"
#define A    "\"33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\""
#define B    "\"44d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb\""
#define LONG                                                                                       \
    "\"33d8736db756ed4997e04ba358d27833188f1932ff7b1d156904d3f560452fbb"                           \
    "00112233445566778899aabbccddeeff\""
#define KEY                                                                                        \
    "\"0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"                           \
    "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394\""
#define OTHER                                                                                      \
    "\"1ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"                           \
    "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394\""
#define SGX        HEAD "kinds: [sgx-v3]\n"
#define TDX        HEAD "kinds: [tdx-v4]\n"
#define SNP        HEAD "kinds: [snp]\n"
#define TPM        HEAD "kinds: [tpm2]\n"
#define ENTRY(...) "  - { " __VA_ARGS__ " }\n"
#define EVENT(...) "events:\n" ENTRY("state: allowed, " __VA_ARGS__)
#define ALLOWED    "references:\n" ENTRY("field: mrenclave, state: allowed, value: " A)
#define TD         "references:\n" ENTRY("field: mrtd, state: allowed, value: " LONG)
#define PCR(value) ENTRY("field: pcr0, state: allowed, value: " value)
#define GUEST      "references:\n" ENTRY("field: snp_measurement, state: allowed, value: " LONG)

static struct assay_lint_report report;
static char printed[4096];

static void lint(const char *text)
{
    static struct assay_policy policy;
    char message[ASSAY_YAML_MESSAGE_MAX];
    const enum assay_status status =
        assay_policy_parse_yaml((const uint8_t *)text, strlen(text), &policy, message);
    cr_assert_eq(status, ASSAY_OK, "%s\n%s", text, message);
    assay_policy_lint(&policy, AT, &report);
    size_t used = 0;
    printed[0] = '\0';
    for (uint32_t i = 0; i < report.count; i++) {
        const struct assay_lint_finding *const f = &report.findings[i];
        used += (size_t)snprintf(printed + used, sizeof printed - used, "%s %s: %s\n",
                                 assay_lint_name(f->lint), f->path.text, f->detail.text);
        cr_assert_lt(used, sizeof printed);
    }
}

static bool found(enum assay_lint wanted)
{
    for (uint32_t i = 0; i < report.count; i++)
        if (report.findings[i].lint == wanted) return true;
    return false;
}

/* Each row: a policy with the mistake, and the same without it. */
static const struct {
    enum assay_lint lint;
    const char *path, *planted, *clean;
} rows[] = {
    { ASSAY_LINT_KINDS_NONE, "kinds", HEAD "kinds: [soft]\n", SGX ALLOWED },
    { ASSAY_LINT_SOFT_PRODUCTION, "kinds", HEAD "kinds: [soft, sgx-v3]\n" ALLOWED, SGX ALLOWED },
    { ASSAY_LINT_DEVELOPMENT, "profile", "policy_version: 1\nprofile: development\n", HEAD },
    { ASSAY_LINT_KIND_WITHOUT_ROOT, "kinds", HEAD "kinds: [cca, sgx-v3]\n", SGX ALLOWED },
    { ASSAY_LINT_KIND_WITHOUT_ROOT, "kinds",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [tdx-v4] }]\n",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [tdx-v4, sgx-v3] }]\n" },
    { ASSAY_LINT_ROOT_UNUSED, "roots[1]",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [sgx-v3] }, "
                  "{ name: b, key: " OTHER ", kinds: [snp] }]\n",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [sgx-v3] }, "
                  "{ name: b, key: " OTHER ", kinds: [snp, sgx-v3] }]\n" },
    { ASSAY_LINT_ROOT_TWICE, "roots[1]",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [every] }, "
                  "{ name: b, pinned: intel-sgx }]\n",
      SGX ALLOWED "roots: [{ name: b, key: " KEY ", kinds: [sgx-v3] }, "
                  "{ name: a, pinned: intel-sgx }]\n" },
    { ASSAY_LINT_ROOT_NAME_TWICE, "roots[1]",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [every] }, "
                  "{ name: a, key: " OTHER ", kinds: [every] }]\n",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [every] }, "
                  "{ name: b, key: " OTHER ", kinds: [every] }]\n" },
    { ASSAY_LINT_AK_FORM_UNUSED, "roots[0]",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [sgx-v3, tpm2], attestation_keys: azure "
                  "}]\n",
      SGX ALLOWED "roots: [{ name: a, key: " KEY ", kinds: [sgx-v3, tpm2], attestation_keys: tcg "
                  "}]\n" },
    { ASSAY_LINT_AK_FORM_TWICE, "roots[1]",
      TPM "roots: [{ name: a, key: " KEY ", kinds: [tpm2, cca], attestation_keys: google }, "
          "{ name: b, key: " KEY ", kinds: [tpm2, snp] }]\n",
      TPM "roots: [{ name: a, key: " KEY ", kinds: [tpm2, cca], attestation_keys: google }, "
          "{ name: b, key: " KEY ", kinds: [tpm2, snp], attestation_keys: google }]\n" },
    { ASSAY_LINT_STATUSES_UNUSED, "statuses",
      SNP GUEST "statuses: [{ status: OutOfDate, accept: refused }]\n",
      SNP GUEST "statuses: [{ status: OutOfDate, accept: warning }]\n" },
    { ASSAY_LINT_STATUSES_NONE, "statuses",
      SGX ALLOWED "statuses:\n" ENTRY("status: UpToDate, accept: refused")
          ENTRY("status: SWHardeningNeeded, accept: refused")
              ENTRY("status: ConfigurationNeeded, accept: refused")
                  ENTRY("status: ConfigurationAndSWHardeningNeeded, accept: refused")
                      ENTRY("status: OutOfDate, accept: refused")
                          ENTRY("status: OutOfDateConfigurationNeeded, accept: refused")
                              ENTRY("status: TDRelaunchAdvised, accept: refused") ENTRY(
                                  "status: TDRelaunchAdvisedConfigurationNeeded, accept: refused"),
      SGX ALLOWED },
    { ASSAY_LINT_UP_TO_DATE_REFUSED, "statuses",
      SGX ALLOWED "statuses: [{ status: UpToDate, accept: refused }]\n",
      SGX ALLOWED "statuses: [{ status: UpToDate, accept: warning }]\n" },
    { ASSAY_LINT_GRACE_REFUSED, "statuses",
      SGX ALLOWED "statuses: [{ status: OutOfDate, accept: refused, grace_s: 9 }]\n",
      SGX ALLOWED "statuses: [{ status: OutOfDate, accept: warning, grace_s: 9 }]\n" },
    { ASSAY_LINT_GRACE_ZERO, "statuses",
      SGX ALLOWED "statuses: [{ status: OutOfDate, accept: warning, grace_s: 0 }]\n",
      SGX ALLOWED "statuses: [{ status: OutOfDate, accept: warning, grace_s: 1 }]\n" },
    { ASSAY_LINT_MINIMUM_UNUSED, "tee_tcb_svn_min",
      SGX ALLOWED "tee_tcb_svn_min: \"00000000000000000000000000000001\"\n",
      TDX TD "tee_tcb_svn_min: \"00000000000000000000000000000001\"\n" },
    { ASSAY_LINT_MINIMUM_UNUSED, "pcesvn_min", SNP GUEST "pcesvn_min: 1\n",
      SGX ALLOWED "pcesvn_min: 1\n" },
    { ASSAY_LINT_MINIMUM_UNUSED, "tcb_evaluation_number_min",
      SNP GUEST "tcb_evaluation_number_min: 17\n", TDX TD "tcb_evaluation_number_min: 17\n" },
    { ASSAY_LINT_MINIMUM_UNUSED, "snp_tcb_min", TDX TD "snp_tcb_min: { snp: 1 }\n",
      SNP GUEST "snp_tcb_min: { snp: 1 }\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "service_td", SGX ALLOWED "service_td: refused\n",
      TDX TD "service_td: refused\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "sept_ve_enabled", SGX ALLOWED "sept_ve_enabled: affirming\n",
      TDX TD "sept_ve_enabled: affirming\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "td_now_out_of_date", SGX ALLOWED "td_now_out_of_date: refused\n",
      TDX TD "td_now_out_of_date: refused\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "td_now_revoked", SGX ALLOWED "td_now_revoked: warning\n",
      TDX TD "td_now_revoked: warning\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "vmpl_max", TDX TD "vmpl_max: 0\n", SNP GUEST "vmpl_max: 0\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "migration_agent", TDX TD "migration_agent: true\n",
      SNP GUEST "migration_agent: true\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "smt", TDX TD "smt: false\n", SNP GUEST "smt: false\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "tpm_weak_banks", TDX TD "tpm_weak_banks: warning\n", TDX TD },
    { ASSAY_LINT_PLATFORM_UNUSED, "single_socket_required", TDX TD "single_socket_required: true\n",
      SNP GUEST "single_socket_required: true\n" },
    { ASSAY_LINT_PLATFORM_UNUSED, "crl_required", TDX TD "crl_required: true\n",
      SNP GUEST "crl_required: true\n" },
    { ASSAY_LINT_ADVISORY_TWICE, "advisories_denied[2]",
      SGX ALLOWED "advisories_denied: [INTEL-SA-00001, INTEL-SA-00002, INTEL-SA-00001]\n",
      SGX ALLOWED "advisories_denied: [INTEL-SA-00001, INTEL-SA-00002]\n" },
    { ASSAY_LINT_ADVISORY_UNUSED, "advisories_denied",
      SNP GUEST "advisories_denied: [INTEL-SA-00001]\n", SNP GUEST "advisories_denied: []\n" },
    { ASSAY_LINT_ADVISORY_FORM, "advisories_denied[0]",
      SGX ALLOWED "advisories_denied: [intel-sa-00001]\n",
      SGX ALLOWED "advisories_denied: [INTEL-SA-00001]\n" },
    { ASSAY_LINT_REFERENCE_UNUSED, "references[0]", SNP ALLOWED, SGX ALLOWED },
    { ASSAY_LINT_REFERENCE_UNUSED, "references[0]",
      HEAD "kinds: [nitro]\nreferences:\n" ENTRY("field: pcr0, state: allowed, value: " A),
      HEAD "kinds: [nitro]\nreferences:\n" ENTRY("field: pcr0, state: allowed, value: " LONG) },
    { ASSAY_LINT_REFERENCE_TWICE, "references[1]",
      SGX ALLOWED ENTRY("field: mrenclave, state: allowed, value: " A),
      SGX ALLOWED ENTRY("field: mrenclave, state: allowed, value: " B) },
    { ASSAY_LINT_REFERENCE_TWICE, "references[0]",
      SGX "references:\n" ENTRY("field: mrsigner, state: allowed, value: " A
                                ", not_after: 2027-01-01T00:00:00Z, isvsvn_min: 3")
          ENTRY("field: mrsigner, state: allowed, value: " A ", isvsvn_min: 2"),
      SGX "references:\n" ENTRY("field: mrsigner, state: allowed, value: " A
                                ", not_after: 2027-01-01T00:00:00Z, isvsvn_min: 2")
          ENTRY("field: mrsigner, state: allowed, value: " A ", isvsvn_min: 3") },
    { ASSAY_LINT_REFERENCE_EMPTY, "references[0]",
      SGX "references:\n" ENTRY("field: mrenclave, state: allowed, value: "
                                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      SGX
      "references:\n" ENTRY("field: mrenclave, state: allowed, value: "
                            "e3b0c44298fc1c149afbf4c8996fb92527ae41e4649b934ca495991b7852b855") },
    { ASSAY_LINT_REFERENCE_EMPTY, "references[0]",
      TDX "references:\n" ENTRY(
          "field: mrtd, state: allowed, value: "
          "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f1"
          "4898b95b"),
      TDX TD },
    { ASSAY_LINT_REFERENCE_DENIED, "references[0]",
      SGX ALLOWED ENTRY("field: mrenclave, state: denied, value: " A),
      SGX ALLOWED ENTRY("field: mrenclave, state: denied, value: " B) },
    { ASSAY_LINT_REFERENCE_DENIED, "references[1]",
      SGX ALLOWED ENTRY("field: mrenclave, state: retiring, value: " B
                        ", not_before: 2026-02-01T00:00:00Z, not_after: 2026-03-01T00:00:00Z")
          ENTRY("field: mrenclave, state: denied, value: " B
                ", not_before: 2026-02-01T00:00:00Z, not_after: 2026-03-01T00:00:00Z"),
      SGX ALLOWED ENTRY("field: mrenclave, state: retiring, value: " B
                        ", not_before: 2026-02-01T00:00:00Z, not_after: 2026-03-01T00:00:00Z")
          ENTRY("field: mrenclave, state: denied, value: " B
                ", not_before: 2026-03-01T00:00:01Z") },
    { ASSAY_LINT_REFERENCE_PART_DENIED, "references[0]",
      SGX ALLOWED ENTRY("field: mrenclave, state: denied, value: " A
                        ", not_before: 2026-02-01T00:00:00Z"),
      SGX "references:\n" ENTRY("field: mrenclave, state: allowed, value: " A
                                ", not_after: 2026-01-31T23:59:59Z")
          ENTRY("field: mrenclave, state: denied, value: " A
                ", not_before: 2026-02-01T00:00:00Z") },
    { ASSAY_LINT_RETIRING_SHADOWED, "references[1]",
      SGX ALLOWED ENTRY("field: mrenclave, state: retiring, value: " A
                        ", not_after: 2026-02-01T00:00:00Z"),
      SGX "references:\n" ENTRY("field: mrenclave, state: allowed, value: " A ", isvsvn_min: 5")
          ENTRY("field: mrenclave, state: retiring, value: " A
                ", not_after: 2026-02-01T00:00:00Z, isvsvn_min: 4") },
    { ASSAY_LINT_SVN_UNUSED, "references[0]",
      TDX "references:\n" ENTRY("field: mrtd, state: allowed, isvsvn_min: 1, value: " LONG),
      TDX TD },
    { ASSAY_LINT_SVN_UNUSED, "references[1]",
      SGX ALLOWED ENTRY("field: mrenclave, state: denied, isvsvn_min: 1, value: " B),
      SGX ALLOWED ENTRY("field: mrenclave, state: allowed, isvsvn_min: 1, value: " B) },
    { ASSAY_LINT_RETIRING_ALONE, "references[0]",
      SGX "references:\n" ENTRY("field: mrenclave, state: retiring, value: " B),
      SGX ALLOWED ENTRY("field: mrenclave, state: retiring, value: " B) },
    { ASSAY_LINT_REFERENCE_OVER, "references[1]",
      SGX ALLOWED ENTRY("field: mrenclave, state: retiring, value: " B
                        ", not_after: 2025-12-31T23:59:59Z"),
      SGX ALLOWED ENTRY("field: mrenclave, state: retiring, value: " B
                        ", not_after: 2026-01-01T00:00:00Z") },
    { ASSAY_LINT_FIELD_OVER, "references[0]",
      SGX "references:\n" ENTRY("field: mrenclave, state: allowed, value: " B
                                ", not_after: 2025-12-31T23:59:59Z"),
      SGX "references:\n" ENTRY("field: mrenclave, state: denied, value: " B
                                ", not_after: 2025-12-31T23:59:59Z") },
    { ASSAY_LINT_PCR_LENGTH, "references[0]", HEAD "kinds: [nitro, tpm2]\nreferences:\n" PCR(LONG),
      HEAD "kinds: [nitro, tpm2]\nreferences:\n" PCR(LONG) PCR(A) },
    { ASSAY_LINT_PCR_LENGTH, "references[1]",
      HEAD "kinds: [nitro, paravisor-vtpm-snp]\n" GUEST PCR(LONG),
      HEAD "kinds: [nitro, paravisor-vtpm-snp]\n" GUEST PCR(LONG) PCR(A) },
    { ASSAY_LINT_PCR_LENGTH, "references[0]", HEAD "kinds: [nitro, tpm2]\nreferences:\n" PCR(LONG),
      HEAD "kinds: [nitro]\nreferences:\n" PCR(LONG) },
    { ASSAY_LINT_PARAVISOR_ANY, "references[0]",
      HEAD "kinds: [paravisor-vtpm-snp]\nreferences:\n" PCR(A),
      HEAD "kinds: [paravisor-vtpm-snp]\n" GUEST PCR(A) },
    { ASSAY_LINT_PARAVISOR_ANY, "references[0]",
      HEAD "kinds: [paravisor-vtpm-snp]\nreferences:\n" PCR(A)
          ENTRY("field: snp_measurement, state: denied, value: " LONG),
      HEAD "kinds: [paravisor-vtpm-snp]\nreferences:\n" PCR(A)
          ENTRY("field: id_key_digest, state: allowed, value: " LONG) },
    { ASSAY_LINT_PARAVISOR_ANY, "references[1]",
      HEAD "kinds: [paravisor-vtpm-tdx, paravisor-vtpm-snp]\n" GUEST PCR(A),
      HEAD "kinds: [paravisor-vtpm-tdx, paravisor-vtpm-snp]\n" GUEST PCR(A)
          ENTRY("field: mrtd, state: allowed, value: " LONG) },
    { ASSAY_LINT_PARAVISOR_ANY, "references[0]",
      HEAD "kinds: [paravisor-vtpm-tdx]\nreferences:\n" PCR(A), HEAD "references:\n" PCR(A) },
    { ASSAY_LINT_PROGRAM_ANY, "references", SGX, SGX ALLOWED },
    { ASSAY_LINT_PROGRAM_ANY, "references", HEAD "kinds: [sgx-v3, tdx-v4]\n" ALLOWED,
      HEAD
      "kinds: [sgx-v3, tdx-v4]\n" ALLOWED ENTRY("field: rtmr2, state: allowed, value: " LONG) },
    { ASSAY_LINT_PROGRAM_ANY, "references",
      TDX "references:\n" ENTRY("field: mrseam, state: allowed, value: " LONG), TDX TD },
    { ASSAY_LINT_EVENT_UNUSED, "events[0]", TDX TD EVENT("register: pcr4, data: x"),
      TDX TD EVENT("register: rtmr1, data: x") },
    { ASSAY_LINT_EVENT_UNUSED, "events[0]", TDX TD EVENT("file: a, digest: " A),
      HEAD "kinds: [tpm2]\n" EVENT("file: a, digest: " A) },
    { ASSAY_LINT_EVENT_UNUSED, "events[0]",
      HEAD "kinds: [paravisor-vtpm-tdx]\n" EVENT("register: rtmr1, data: x"),
      HEAD "kinds: [paravisor-vtpm-tdx]\n" EVENT("register: pcr4, data: x") },
    { ASSAY_LINT_EVENT_TWICE, "events[1]",
      TDX TD EVENT("register: rtmr1, data: x") ENTRY("state: allowed, register: rtmr1, data: x"),
      TDX TD EVENT("register: rtmr1, data: x") ENTRY("state: allowed, register: rtmr2, data: x") },
    { ASSAY_LINT_EVENT_DENIED, "events[0]",
      HEAD EVENT("file: a, digest: " A) ENTRY("state: denied, file: b, digest: " A),
      HEAD EVENT("file: a, digest: " A) ENTRY("state: denied, file: a, digest: " B) },
    { ASSAY_LINT_IMA_UNKNOWN_UNUSED, "ima_unknown",
      HEAD "ima_unknown: refused\n" EVENT("register: pcr4, data: x"),
      HEAD "ima_unknown: refused\n" EVENT("file: a, digest: " A) },
    { ASSAY_LINT_EVENT_LOGS, "events", HEAD EVENT("register: pcr4, data: x"), HEAD },
};

Test(quote_lint, finds_each_mistake_where_it_is_and_not_where_it_is_not)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lint(rows[i].planted);
        bool there = false;
        for (uint32_t k = 0; k < report.count; k++)
            there = there || (report.findings[k].lint == rows[i].lint &&
                              strcmp(report.findings[k].path.text, rows[i].path) == 0);
        cr_expect(there, "row %zu: %s %s is not among\n%s", i, assay_lint_name(rows[i].lint),
                  rows[i].path, printed);
        lint(rows[i].clean);
        cr_expect_not(found(rows[i].lint), "row %zu: clean, and\n%s", i, printed);
    }
}

/* A lint that no row plants could be dead. */
Test(quote_lint, plants_every_lint_of_the_list)
{
    for (int lint_number = 0; lint_number < ASSAY_LINT_COUNT; lint_number++) {
        bool planted = false;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            planted = planted || (int)rows[i].lint == lint_number;
        cr_expect(planted, "%s", assay_lint_name((enum assay_lint)lint_number));
    }
}

Test(quote_lint, says_what_is_wrong_and_what_to_do_about_each)
{
    for (int i = 0; i < ASSAY_LINT_COUNT; i++) {
        const enum assay_lint one = (enum assay_lint)i;
        cr_expect_gt(strlen(assay_lint_text(one)), 10);
        cr_expect_gt(strlen(assay_lint_advice(one)), 10);
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(assay_lint_name(one), assay_lint_name((enum assay_lint)k));
    }
}

/* A denied value names no program: to deny the last allowed one is to accept all others. */
Test(quote_lint, denied_values_leave_every_other_program_accepted)
{
    static const char allowed[] = SGX ALLOWED ENTRY("field: mrenclave, state: denied, value: " B);
    static const char denied[] =
        SGX "references:\n" ENTRY("field: mrenclave, state: denied, value: " A);
    static struct assay_policy policy;
    static struct assay_verdict verdict;
    struct assay_open_check list[ASSAY_UNCHECKED_MAX];
    char why[ASSAY_YAML_MESSAGE_MAX];
    verdict.has_claims = true;
    verdict.kind = ASSAY_KIND_SGX3;
    cr_assert_eq(assay_policy_parse_yaml((const uint8_t *)allowed, sizeof allowed - 1, &policy,
                                         why),
                 ASSAY_OK, "%s", why);
    cr_expect_eq(assay_policy_open_kinds(&policy), 0);
    cr_assert_eq(assay_policy_parse_yaml((const uint8_t *)denied, sizeof denied - 1, &policy, why),
                 ASSAY_OK, "%s", why);
    cr_expect_eq(assay_policy_open_kinds(&policy), assay_policy_kinds(&policy));
    cr_expect_neq(assay_policy_open_kinds(&policy), 0);
    const size_t count = assay_unchecked_list(&verdict, &policy, list);
    cr_assert_gt(count, 0);
    cr_expect_str_eq(list[0].what, "program");
    cr_expect_not_null(strstr(list[0].why, "lists only denied values"));
}

/* Values of other kinds, and of what is no program, leave every program of this one accepted. */
Test(quote_lint, what_names_no_program_of_the_kind_is_reported_with_its_verdict)
{
    static const char text[] = HEAD "kinds: [sgx-v3, tdx-v4]\n" ALLOWED;
    static struct assay_policy policy;
    static struct assay_verdict verdict;
    struct assay_open_check list[ASSAY_UNCHECKED_MAX];
    char why[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(assay_policy_parse_yaml((const uint8_t *)text, sizeof text - 1, &policy, why),
                 ASSAY_OK, "%s", why);
    verdict.has_claims = true;
    verdict.genuine = ASSAY_GENUINE_TRUE;
    verdict.kind = ASSAY_KIND_SGX3;
    cr_expect_eq(assay_unchecked_list(&verdict, &policy, list), 0);
    verdict.kind = ASSAY_KIND_TDX4;
    cr_assert_eq(assay_unchecked_list(&verdict, &policy, list), 1);
    cr_expect_str_eq(list[0].what, "program");
    cr_expect_not_null(strstr(list[0].why, "names no program of this kind"));
    policy.references[0].field = ASSAY_REFERENCE_MRSEAM; /* of TDX, and not of its program */
    policy.references[0].value_len = 48;
    cr_expect_eq(assay_unchecked_list(&verdict, &policy, list), 1);
    policy.references[0].field = ASSAY_REFERENCE_MRTD;
    cr_expect_eq(assay_unchecked_list(&verdict, &policy, list), 0);
    policy.reference_count = 0;
    cr_assert_eq(assay_unchecked_list(&verdict, &policy, list), 1);
    cr_expect_not_null(strstr(list[0].why, "has no reference values"));
    verdict.kind = ASSAY_KIND_SNP; /* the policy refuses it: nothing of it is accepted */
    cr_expect_eq(assay_unchecked_list(&verdict, &policy, list), 0);
}

/* What was not written cannot be wrong: a file that names no kinds is asked for no root of each. */
Test(quote_lint, holds_defaults_against_nobody)
{
    lint(HEAD);
    cr_expect_eq(report.errors, 0, "%s", printed);
    cr_expect_eq(report.warnings, 1, "%s", printed); /* any program */
    cr_expect(found(ASSAY_LINT_PROGRAM_ANY));
    cr_expect_str_eq(report.findings[0].detail.text, "every kind");
    lint(HEAD "roots: [{ name: a, key: " KEY ", kinds: [sgx-v3] }]\n");
    cr_expect_eq(report.errors, 0, "%s", printed);
}

/* A policy for an enclave in production, and one for guests of two vendors. */
Test(quote_lint, has_nothing_to_say_of_a_sound_policy)
{
    lint(SGX
         "roots: [{ name: Intel, pinned: intel-sgx }]\n"
         "statuses: [{ status: OutOfDate, accept: warning, grace_s: 1296000 }]\n"
         "tcb_evaluation_number_min: 17\nadvisories_denied: [INTEL-SA-00615]\n" ALLOWED ENTRY(
             "field: mrenclave, state: retiring, value: " B ", not_after: 2026-06-01T00:00:00Z"));
    cr_expect_eq(report.count, 0, "%s", printed);
    lint(HEAD "kinds: [tdx-v4, tdx-v5, nitro, tpm2]\nservice_td: refused\nroots:\n" ENTRY(
        "name: Intel, pinned: intel-sgx")
             ENTRY("name: vendor, key: " OTHER ", kinds: [tpm2, nitro]")
                 TD ENTRY("field: pcr0, state: allowed, value: " A)
                     ENTRY("field: pcr0, state: allowed, value: " LONG));
    cr_expect_eq(report.count, 0, "%s", printed);
}

/* The list of findings is bounded, the counts are not. */
Test(quote_lint, counts_what_it_has_no_room_for)
{
    static struct assay_policy policy;
    assay_policy_default(&policy);
    policy.advisory_count = ASSAY_POLICY_ADVISORIES_MAX;
    for (size_t i = 0; i < ASSAY_POLICY_ADVISORIES_MAX; i++)
        policy.advisories_denied[i][0] = 'a';
    policy.reference_count = ASSAY_REFERENCES_MAX;
    for (size_t i = 0; i < ASSAY_REFERENCES_MAX; i++)
        policy.references[i] = (struct assay_reference){ .value_len = 32 };
    assay_policy_lint(&policy, AT, &report);
    cr_expect_eq(report.count, ASSAY_LINT_FINDINGS_MAX);
    cr_expect_eq(report.errors, ASSAY_POLICY_ADVISORIES_MAX - 1 + ASSAY_REFERENCES_MAX - 1);
    cr_expect_eq(report.warnings, 2); /* one odd name, and programs of the other kinds */
}
