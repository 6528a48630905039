/*
 * tests/unit/library/numbers.h - every number of the public header, to be written down twice: as
 * users see it and as the core does.
 */
#ifndef ASSAY_TESTS_UNIT_LIBRARY_NUMBERS_H
#define ASSAY_TESTS_UNIT_LIBRARY_NUMBERS_H

struct number {
    const char *name;
    long value;
};

#define NUMBERS(X)                                                                                 \
    X(ASSAY_OK)                                                                                    \
    X(ASSAY_E_TRUNCATED)                                                                           \
    X(ASSAY_E_TRAILING)                                                                            \
    X(ASSAY_E_RANGE)                                                                               \
    X(ASSAY_E_UNSUPPORTED)                                                                         \
    X(ASSAY_E_ENCODING)                                                                            \
    X(ASSAY_E_TYPE)                                                                                \
    X(ASSAY_E_DUPLICATE)                                                                           \
    X(ASSAY_E_KEY)                                                                                 \
    X(ASSAY_E_INVALID)                                                                             \
    X(ASSAY_E_SYNTAX)                                                                              \
    X(ASSAY_E_NOT_FOUND)                                                                           \
    X(ASSAY_E_FULL)                                                                                \
    X(ASSAY_E_CRYPTO)                                                                              \
    X(ASSAY_E_MEMORY)                                                                              \
    X(ASSAY_E_VERSION)                                                                             \
    X(ASSAY_KIND_NONE)                                                                             \
    X(ASSAY_KIND_SGX3)                                                                             \
    X(ASSAY_KIND_TDX4)                                                                             \
    X(ASSAY_KIND_SOFT)                                                                             \
    X(ASSAY_KIND_SGX4)                                                                             \
    X(ASSAY_KIND_SGX5)                                                                             \
    X(ASSAY_KIND_TDX5)                                                                             \
    X(ASSAY_KIND_SNP)                                                                              \
    X(ASSAY_KIND_NITRO)                                                                            \
    X(ASSAY_KIND_TPM)                                                                              \
    X(ASSAY_KIND_VTPM_SNP)                                                                         \
    X(ASSAY_KIND_VTPM_TDX)                                                                         \
    X(ASSAY_KIND_CCA)                                                                              \
    X(ASSAY_KIND_NITRO_TPM)                                                                        \
    X(ASSAY_KIND_NVIDIA_GPU)                                                                       \
    X(ASSAY_KIND_NVIDIA_SWITCH)                                                                    \
    X(ASSAY_GENUINE_UNKNOWN)                                                                       \
    X(ASSAY_GENUINE_TRUE)                                                                          \
    X(ASSAY_GENUINE_FALSE)                                                                         \
    X(ASSAY_RESULT_SERVICE_NONE)                                                                   \
    X(ASSAY_RESULT_AZURE)                                                                          \
    X(ASSAY_RESULT_GOOGLE)                                                                         \
    X(ASSAY_RESULT_INTEL)                                                                          \
    X(ASSAY_RESULT_NVIDIA)                                                                         \
    X(ASSAY_IDENTITY_NOT_READ)                                                                     \
    X(ASSAY_IDENTITY_VALID)                                                                        \
    X(ASSAY_IDENTITY_MALFORMED)                                                                    \
    X(ASSAY_IDENTITY_UNSUPPORTED)                                                                  \
    X(ASSAY_IDENTITY_OTHER_PROFILE)                                                                \
    X(ASSAY_IDENTITY_LONG_PATH)                                                                    \
    X(ASSAY_IDENTITY_NO_KEY)                                                                       \
    X(ASSAY_IDENTITY_FORGED)                                                                       \
    X(ASSAY_IDENTITY_OTHER_NETWORK)                                                                \
    X(ASSAY_IDENTITY_OTHER_ERA)                                                                    \
    X(ASSAY_IDENTITY_OLD_EPOCH)                                                                    \
    X(ASSAY_IDENTITY_NOT_YET)                                                                      \
    X(ASSAY_IDENTITY_EXPIRED)                                                                      \
    X(ASSAY_IDENTITY_TOO_OLD)                                                                      \
    X(ASSAY_IDENTITY_OTHER_NAME)                                                                   \
    X(ASSAY_IDENTITY_OTHER_ISSUER)                                                                 \
    X(ASSAY_IDENTITY_OTHER_AUDIENCE)                                                               \
    X(ASSAY_IDENTITY_LOW_STANDING)                                                                 \
    X(ASSAY_IDENTITY_OTHER_KIND)                                                                   \
    X(ASSAY_IDENTITY_INSECURE)                                                                     \
    X(ASSAY_RESULT_NOT_READ)                                                                       \
    X(ASSAY_RESULT_VALID)                                                                          \
    X(ASSAY_RESULT_MALFORMED)                                                                      \
    X(ASSAY_RESULT_UNSUPPORTED)                                                                    \
    X(ASSAY_RESULT_NO_KEY)                                                                         \
    X(ASSAY_RESULT_BAD_CHAIN)                                                                      \
    X(ASSAY_RESULT_FORGED)                                                                         \
    X(ASSAY_RESULT_OTHER_ISSUER)                                                                   \
    X(ASSAY_RESULT_OTHER_AUDIENCE)                                                                 \
    X(ASSAY_RESULT_NOT_NOW)                                                                        \
    X(ASSAY_RESULT_OTHER_NONCE)                                                                    \
    X(ASSAY_RESULT_NOT_BOUND)                                                                      \
    X(ASSAY_STATED_NOTHING)                                                                        \
    X(ASSAY_STATED_AFFIRMING)                                                                      \
    X(ASSAY_STATED_WARNING)                                                                        \
    X(ASSAY_STATED_CONTRAINDICATED)                                                                \
    X(ASSAY_FLAG_UNSTATED)                                                                         \
    X(ASSAY_FLAG_YES)                                                                              \
    X(ASSAY_FLAG_NO)                                                                               \
    X(ASSAY_TIER_NONE)                                                                             \
    X(ASSAY_TIER_AFFIRMING)                                                                        \
    X(ASSAY_TIER_WARNING)                                                                          \
    X(ASSAY_TIER_CONTRAINDICATED)                                                                  \
    X(ASSAY_TCB_NONE)                                                                              \
    X(ASSAY_TCB_UP_TO_DATE)                                                                        \
    X(ASSAY_TCB_SW_HARDENING_NEEDED)                                                               \
    X(ASSAY_TCB_CONFIGURATION_NEEDED)                                                              \
    X(ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED)                                             \
    X(ASSAY_TCB_OUT_OF_DATE)                                                                       \
    X(ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED)                                                  \
    X(ASSAY_TCB_TD_RELAUNCH_ADVISED)                                                               \
    X(ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED)                                          \
    X(ASSAY_TCB_REVOKED)                                                                           \
    X(ASSAY_TCB_NOT_SUPPORTED)                                                                     \
    X(ASSAY_RULE_FORGED)                                                                           \
    X(ASSAY_RULE_UNJUDGED)                                                                         \
    X(ASSAY_RULE_REFUSED)                                                                          \
    X(ASSAY_RULE_OLD)                                                                              \
    X(ASSAY_RULE_NOTE)                                                                             \
    X(ASSAY_PROOF_NOT_USED)                                                                        \
    X(ASSAY_PROOF_UNKNOWN)                                                                         \
    X(ASSAY_PROOF_TRUE)                                                                            \
    X(ASSAY_PROOF_FALSE)                                                                           \
    X(ASSAY_EVENTLOG_TCG)                                                                          \
    X(ASSAY_EVENTLOG_IMA)                                                                          \
    X(ASSAY_REGISTER_MATCHES)                                                                      \
    X(ASSAY_REGISTER_DIFFERS)                                                                      \
    X(ASSAY_REGISTER_NOT_QUOTED)                                                                   \
    X(ASSAY_REGISTER_NOT_REPLAYED)                                                                 \
    X(ASSAY_REGISTER_NOT_LOGGED)

#define NUMBER_ROW(symbol) { #symbol, (long)symbol },
#define NUMBER_ONE(symbol) +1
enum { NUMBER_COUNT = 0 NUMBERS(NUMBER_ONE) };

extern const struct number numbers_public[NUMBER_COUNT];
extern const struct number numbers_core[NUMBER_COUNT];

#endif
