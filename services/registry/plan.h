/*
 * services/registry/plan.h - plan of a network's services: those of the genesis, and those that
 * changes of the operators have added (docs/services.md 7.1, docs/protocol.md 12.7).
 *
 * Canonical CBOR:
 *   ["assay/services/v1", [[name, size, instances_max] ..],
 *    [clusters, slots, k, confirmations, ids_max] or null,
 *    [accounts_max, tasks_max, [[account, amount] ..]] or null,
 *    [[rollover, next_epochs, old_epochs, replaced, retired],
 *     refresh, replaces_lost_key, trust_domain, issuer, validity_s, insecure,
 *     [[name, min_standing, [[field, value] ..]] ..]]], left out without a group key.
 * Names of groups are 1 to ASSAY_PLAN_NAME_MAX of A-Z a-z 0-9 . _ - and differ; a group's number is
 * its place. Accounts ascend, and so do granted names and the reference values of each.
 * min_standing: 0 FULL, 1 WARNING. An empty plan is invalid.
 */
#ifndef ASSAY_SERVICES_REGISTRY_PLAN_H
#define ASSAY_SERVICES_REGISTRY_PLAN_H

#include "base/cursor.h"
#include "base/writer.h"
#include "services/identity/product.h"
#include "services/tasks/ledger.h"

enum {
    ASSAY_PLAN_GROUPS_MAX = 8,
    ASSAY_PLAN_PAGE_ROWS = 1024, /* instances of a group per document, */
    ASSAY_PLAN_PAGES_MAX = 40,   /* and the limit of those documents of all groups */
    ASSAY_PLAN_NAME_MAX = 63,
    ASSAY_PLAN_BALANCES_MAX = 256,
    ASSAY_PLAN_LEN_MAX = 16 * 1024,
    ASSAY_PLAN_GRANTS_MAX = 8,
    ASSAY_PLAN_REFERENCES_MAX = 4, /* of one granted name */
    ASSAY_PLAN_REFERENCE_LEN = 64, /* of a value at most; 32, 48 or 64 */
    ASSAY_PLAN_FIELD_MAX = 255,
};

/* A reference value as the policy has it: number of its field, and the value. */
struct assay_plan_reference {
    uint32_t field;
    uint32_t value_len;
    uint8_t value[ASSAY_PLAN_REFERENCE_LEN];
};

/* A name of a service, for members whose evidence passed with one of these reference values
 * (docs/identity.md 3.21). */
struct assay_plan_grant {
    char name[ASSAY_PLAN_NAME_MAX + 1]; /* DNS label in lower case, neither node nor svc */
    bool needs_full;                    /* standing FULL; else WARNING is enough */
    uint32_t reference_count;           /* 1 or more */
    struct assay_plan_reference reference[ASSAY_PLAN_REFERENCES_MAX];
};

struct assay_registry_plan {
    uint32_t group_count;
    struct {
        char name[ASSAY_PLAN_NAME_MAX + 1];
        uint32_t size; /* 3, 5 or 7 */
        uint32_t instances_max;
    } group[ASSAY_PLAN_GROUPS_MAX];
    bool has_shares;
    struct {
        uint32_t clusters, slots, k, confirmations, ids_max; /* as assay_share_config */
    } shares;
    bool has_tasks;
    struct {
        uint32_t accounts_max, tasks_max;
        uint32_t balance_count;
        struct assay_task_balance balance[ASSAY_PLAN_BALANCES_MAX];
    } tasks;
    bool has_identity; /* a group key, from ASSAY_LEVEL_GROUP_KEY on */
    struct {
        uint32_t refresh; /* as assay_ca_config */
        bool replaces_lost_key;
        /* as assay_credential_ca; NUL-terminated */
        char trust_domain[ASSAY_CREDENTIAL_DOMAIN_MAX + 1];
        char issuer[ASSAY_CREDENTIAL_ISSUER_MAX + 1];
        uint32_t validity_s;
        bool insecure; /* certificates and tokens say INSECURE (docs/identity.md 5.8) */
        /* CA numbers, as assay_ca_config (docs/identity.md 3.15) */
        uint32_t rollover, next_epochs, old_epochs, replaced, retired;
        uint32_t grant_count;
        struct assay_plan_grant grant[ASSAY_PLAN_GRANTS_MAX];
    } identity;
};

/* Validates a plan. Returns: ASSAY_OK | ASSAY_E_RANGE, ASSAY_E_DUPLICATE, ASSAY_E_SYNTAX,
 * ASSAY_E_ENCODING as decode */
ASSAY_CHECKED enum assay_status assay_registry_plan_check(const struct assay_registry_plan *plan);
/* Returns: ASSAY_OK | ASSAY_E_FULL | as check */
ASSAY_CHECKED enum assay_status assay_registry_plan_encode(const struct assay_registry_plan *plan,
                                                           struct assay_writer *w);
/* Out: *plan on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_RANGE (a number out of the limits of its
 * service, an empty plan, balances beyond 64 bits) | ASSAY_E_DUPLICATE (a name twice) |
 * ASSAY_E_SYNTAX (a name, trust domain or issuer) | ASSAY_E_ENCODING (accounts, granted names or
 * reference values do not ascend) | as base/cbor.h |
 * ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_registry_plan_decode(struct assay_slice bytes,
                                                           struct assay_registry_plan *plan);
/* Out: SHA-256 of the section of the group key as the plan's bytes have it (docs/identity.md 3.21).
 * In: plan: within the limits, with the section (asserted) */
void assay_registry_plan_identity_digest(const struct assay_registry_plan *plan,
                                         uint8_t digest[static 32]);
/* Out: digest of the list of granted names: SHA-256 of ["assay/names/v1", names], which ballots
 * have (docs/protocol.md 2.17). In: as above */
void assay_registry_plan_names_digest(const struct assay_registry_plan *plan,
                                      uint8_t digest[static 32]);
/* Out: digest of one granted name, which leaves have: SHA-256 of ["assay/name/v1", name, reference
 * values]. The lowest standing is not in it. */
void assay_registry_plan_name_digest(const struct assay_plan_grant *grant,
                                     uint8_t digest[static 32]);
/*
 * assay_registry_plan_extends - whether `after` has all services of `before`, unchanged and in
 * their places but for the terms of a group key (docs/identity.md 3.21.1), and differs from it
 * (docs/protocol.md 12.7.2).
 * In:      both within the limits (assay_registry_plan_check); before: NULL: no services
 * Out:     *why: static text for operators on failure
 * Returns: ASSAY_OK | ASSAY_E_INVALID
 */
ASSAY_CHECKED enum assay_status assay_registry_plan_extends(
    const struct assay_registry_plan *before, const struct assay_registry_plan *after,
    const char **why);
/* Whether both have the same terms of a group key (docs/identity.md 3.21.1): refresh, what follows
 * a lost key, validity, rollover and granted names. In: both have one */
bool assay_registry_plan_has_same_terms(const struct assay_registry_plan *a,
                                        const struct assay_registry_plan *b);
/*
 * assay_registry_plan_add - computes a plan with the services of both.
 * In:      before: as above; added: within the limits; its terms of a group key replace those of
 *          before, but for orders to replace and retire numbers, which stay
 * Out:     *sum on ASSAY_OK: before's first; *why else, static text for operators
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (a group of this name, shares or tasks exist already, or a
 *          group key of another trust domain or issuer) |
 *          ASSAY_E_FULL (too many groups or instances in total)
 */
ASSAY_CHECKED enum assay_status assay_registry_plan_add(const struct assay_registry_plan *before,
                                                        const struct assay_registry_plan *added,
                                                        struct assay_registry_plan *sum,
                                                        const char **why);

#endif
