/*
 * quote/accept/policy_lint.h - lint of a well-formed policy.
 *
 * assay_policy_check rejects invalid policies; this finds ineffective rules: a rule that can never
 * match is an error, a rule that is probably unintended is a warning.
 * Pure: the time is an argument.
 */
#ifndef ASSAY_QUOTE_ACCEPT_POLICY_LINT_H
#define ASSAY_QUOTE_ACCEPT_POLICY_LINT_H

#include "quote/accept/policy.h"
#include "quote/text.h"

enum assay_lint_severity { ASSAY_LINT_ERROR = 0, ASSAY_LINT_WARNING = 1 };

/* symbol, severity, name for machines, what is wrong, what to do */
#define ASSAY_LINT_LIST(X)                                                                         \
    X(KINDS_NONE, ERROR, "no-kinds", "no kind of evidence is accepted",                            \
      "name the kinds that may be accepted")                                                       \
    X(SOFT_PRODUCTION, ERROR, "soft-in-production",                                                \
      "soft is listed, and profile production refuses it",                                         \
      "take soft out of kinds, or use profile development")                                        \
    X(DEVELOPMENT, WARNING, "development",                                                         \
      "profile development accepts evidence that proves nothing about hardware",                   \
      "use profile production wherever the answer matters")                                        \
    X(KIND_WITHOUT_ROOT, ERROR, "kind-without-root",                                               \
      "an accepted kind has no root that may vouch for it",                                        \
      "add a root for the kind, or take the kind out of kinds")                                    \
    X(ROOT_UNUSED, ERROR, "root-unused", "a root vouches for no accepted kind",                    \
      "remove the root, or accept one of its kinds")                                               \
    X(ROOT_TWICE, ERROR, "root-twice", "an earlier root has the same key and all its kinds",       \
      "remove one of the two")                                                                     \
    X(ROOT_NAME_TWICE, WARNING, "root-name-twice", "two roots have the same name",                 \
      "give each root a name of its own")                                                          \
    X(AK_FORM_UNUSED, ERROR, "attestation-keys-unused",                                            \
      "a root names the attestation keys that it certifies, and no kind has such keys",            \
      "remove attestation_keys, or accept tpm2")                                                   \
    X(AK_FORM_TWICE, ERROR, "attestation-keys-twice",                                              \
      "an earlier root has the same key and other attestation_keys, which decide",                 \
      "remove one of the two")                                                                     \
    X(STATUSES_UNUSED, ERROR, "statuses-unused",                                                   \
      "statuses are set, and no accepted kind has a TCB status",                                   \
      "remove statuses, or accept a kind of SGX or TDX")                                           \
    X(STATUSES_NONE, ERROR, "statuses-none",                                                       \
      "every TCB status is refused: nothing of SGX and TDX can pass",                              \
      "accept UpToDate, or take the kinds out of kinds")                                           \
    X(UP_TO_DATE_REFUSED, WARNING, "up-to-date-refused",                                           \
      "UpToDate is refused, and a worse status is accepted", "accept UpToDate as affirming")       \
    X(GRACE_REFUSED, ERROR, "grace-of-refused",                                                    \
      "a refused status has a grace time, which nothing looks at",                                 \
      "accept the status as warning, or remove grace_s")                                           \
    X(GRACE_ZERO, ERROR, "grace-zero",                                                             \
      "a status with a grace time of nothing is refused from the day it arises",                   \
      "say refused, or give it a grace time")                                                      \
    X(MINIMUM_UNUSED, ERROR, "minimum-unused",                                                     \
      "a minimum is set, and no accepted kind has what it is about",                               \
      "remove the minimum, or accept such a kind")                                                 \
    X(PLATFORM_UNUSED, ERROR, "platform-unused",                                                   \
      "a platform rule is set, and no accepted kind has what it is about",                         \
      "remove the rule, or accept such a kind")                                                    \
    X(ADVISORY_TWICE, ERROR, "advisory-twice", "an advisory is denied twice",                      \
      "remove one of the two")                                                                     \
    X(ADVISORY_UNUSED, ERROR, "advisories-unused",                                                 \
      "advisories are denied, and no accepted kind has advisories",                                \
      "remove advisories_denied, or accept a kind of SGX or TDX")                                  \
    X(ADVISORY_FORM, WARNING, "advisory-form",                                                     \
      "Intel's advisories are named INTEL-SA- and five digits: this one may never occur",          \
      "write the id as the vendor's TCB info has it")                                              \
    X(REFERENCE_UNUSED, ERROR, "reference-unused", "no accepted kind measures this field so",      \
      "remove the entry, or accept a kind that has the field")                                     \
    X(REFERENCE_TWICE, ERROR, "reference-twice",                                                   \
      "an earlier or wider entry decides wherever this one could", "remove the entry")             \
    X(REFERENCE_EMPTY, ERROR, "reference-of-nothing",                                              \
      "the value is the digest of nothing: no program, but an empty file or pipe was measured",    \
      "measure the program again")                                                                 \
    X(REFERENCE_DENIED, ERROR, "reference-denied",                                                 \
      "the value is denied for the entire time for which it is accepted",                          \
      "remove one of the two entries, or separate their times")                                    \
    X(REFERENCE_PART_DENIED, WARNING, "reference-denied-in-part",                                  \
      "the value is denied for a part of the time for which it is accepted: the denial wins",      \
      "let one entry end where the other begins")                                                  \
    X(RETIRING_SHADOWED, ERROR, "retiring-shadowed",                                               \
      "the value is also allowed for all that time: it is never retiring",                         \
      "remove the allowed entry, or let it end")                                                   \
    X(SVN_UNUSED, ERROR, "isvsvn-unused",                                                          \
      "isvsvn_min has no effect: only accepted mrenclave and mrsigner have security versions",     \
      "remove isvsvn_min")                                                                         \
    X(RETIRING_ALONE, WARNING, "retiring-alone",                                                   \
      "values of the field are retiring and none is allowed: nothing replaces them",               \
      "add the value of the new build as allowed")                                                 \
    X(REFERENCE_OVER, WARNING, "reference-over", "the time of the entry is over",                  \
      "remove the entry")                                                                          \
    X(FIELD_OVER, ERROR, "field-over",                                                             \
      "the time of every accepted value of the field is over: nothing can match it",               \
      "add a value that holds, or remove the entries")                                             \
    X(PCR_LENGTH, ERROR, "pcr-length",                                                             \
      "every PCR value is longer than those of a TPM, whose quotes are then all refused",          \
      "add values of 32 bytes, of the SHA-256 bank, or take the kinds out of kinds")               \
    X(PARAVISOR_ANY, ERROR, "any-paravisor",                                                       \
      "PCR values are set, and nothing names the paravisor that may claim them: all are refused",  \
      "add its measurement (snp_measurement, mrtd) or its key (id_key_digest, author_key_digest)") \
    X(PROGRAM_ANY, WARNING, "any-program",                                                         \
      "no reference value names the program that may run: any is accepted",                        \
      "add reference values of the measurement; for NVIDIA devices set gpu_driver_min, "           \
      "gpu_modes, gpu_architectures")                                                              \
    X(EVENT_UNUSED, ERROR, "event-unused", "no accepted kind has a register of such events",       \
      "remove the entry, or accept a kind of TDX (rtmr) or TPM (pcr, file)")                       \
    X(EVENT_TWICE, ERROR, "event-twice", "an earlier entry says the same of the same digest",      \
      "remove one of the two")                                                                     \
    X(EVENT_DENIED, ERROR, "event-denied", "the digest is denied by another entry, which wins",    \
      "remove one of the two entries")                                                             \
    X(IMA_UNKNOWN_UNUSED, ERROR, "ima-unknown-unused",                                             \
      "ima_unknown has no effect: no event names a file", "remove it, or name files in events")    \
    X(EVENT_LOGS, WARNING, "event-logs",                                                           \
      "events are named: evidence that comes without its log, as in a network, is not appraised",  \
      "use events where --event-log or the library gives the log")

#define ASSAY_LINT_ENUM(symbol, severity, name, text, advice) ASSAY_LINT_##symbol,
enum assay_lint { ASSAY_LINT_LIST(ASSAY_LINT_ENUM) };
#undef ASSAY_LINT_ENUM
#define ASSAY_LINT_ONE(symbol, severity, name, text, advice) +1
enum { ASSAY_LINT_COUNT = 0 ASSAY_LINT_LIST(ASSAY_LINT_ONE) };
#undef ASSAY_LINT_ONE

enum { ASSAY_LINT_FINDINGS_MAX = 128 };

struct assay_lint_finding {
    enum assay_lint lint;
    struct assay_text path;   /* in the policy file: "references[3]" */
    struct assay_text detail; /* what exactly; may be empty */
};

struct assay_lint_report {
    uint32_t errors; /* all of them, also those for which there was no room */
    uint32_t warnings;
    uint32_t count;
    struct assay_lint_finding findings[ASSAY_LINT_FINDINGS_MAX]; /* in the order of the file */
};

/*
 * assay_policy_lint - everything found, errors and warnings.
 * In:      a policy that assay_policy_check takes (asserted); at_unix_s: what is over by then
 * Cost:    the references squared: 128 by 128 comparisons at most
 */
void assay_policy_lint(const struct assay_policy *policy, int64_t at_unix_s,
                       struct assay_lint_report *report);

enum assay_lint_severity assay_lint_severity_of(enum assay_lint lint); /* Returns: ERROR, WARNING */
const char *assay_lint_name(enum assay_lint lint);                     /* Returns: "root-unused" */
const char *assay_lint_text(enum assay_lint lint);                     /* Returns: a sentence */
const char *assay_lint_advice(enum assay_lint lint);                   /* Returns: what to do */

/* Kinds that evidence can really have under the policy: production refuses SOFT. Returns: a mask
 * without unknown bits. */
uint32_t assay_policy_kinds(const struct assay_policy *policy);
/* Those of them for which no reference value names the program that may run: any is accepted; a
 * denied value names none. Returns: a mask. */
uint32_t assay_policy_open_kinds(const struct assay_policy *policy);
struct assay_text assay_lint_kinds(uint32_t kinds); /* Returns: "snp, cca" */

#endif
