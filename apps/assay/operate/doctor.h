/*
 * apps/assay/operate/doctor.h - checks of `assay doctor`. Each result is a row: subject, state,
 * what was found, what was expected, what to do.
 */
#ifndef ASSAY_APPS_ASSAY_OPERATE_DOCTOR_H
#define ASSAY_APPS_ASSAY_OPERATE_DOCTOR_H

#include "apps/client.h"
#include "apps/config.h"
#include "engine/ledger/state/genesis.h"
#include "engine/store/store.h"
#include "net/json/json.h"
#include "quote/accept/policy.h"

enum assay_health { ASSAY_HEALTH_OK = 0, ASSAY_HEALTH_WARN = 1, ASSAY_HEALTH_FAIL = 2 };

enum { ASSAY_DOCTOR_ROWS_MAX = 64, ASSAY_DOCTOR_TEXT = 384 };

struct assay_doctor_row {
    const char *about; /* a word of the list in docs/command-line.md 5 */
    enum assay_health health;
    char found[ASSAY_DOCTOR_TEXT];
    const char *expected, *advice; /* static; advice "" when all is well */
};

/* Large: static. */
struct assay_doctor {
    const char *config_path; /* NULL: none was given, and there is none where packages put it */
    const char *socket;
    unsigned timeout_ms;
    int64_t at_unix_s;
    bool has_config, runs; /* a daemon answers */
    bool is_denied;        /* this user may not ask it */
    bool is_held;          /* a process has the store open */
    int holder;            /* its id; 0: unknown */
    struct assay_config config;
    size_t count;
    struct assay_doctor_row rows[ASSAY_DOCTOR_ROWS_MAX];
};

/* Adds a row; found is a format. */
__attribute__((format(printf, 6, 7))) void cli_doctor_report(
    struct assay_doctor *d, const char *about, enum assay_health health, const char *expected,
    const char *advice, const char *format, ...);
/* Reads the configuration, where there is one (doctor_files.c). */
void cli_doctor_config(struct assay_doctor *d);
/* Which process has the store open, if any (doctor_files.c). */
void cli_doctor_holder(struct assay_doctor *d);
/* Genesis, keys, folders, disk, programs, source of evidence, of a configuration that was read
 * (doctor_files.c). */
void cli_doctor_files(struct assay_doctor *d);
/* The policy in force: of the daemon that answers, or of the newest state of a store that is open;
 * without *has_state that of the genesis (doctor_policy.c). Returns: whether it can be read. */
bool cli_doctor_policy_of_daemon(const struct assay_doctor *d, struct assay_policy *policy);
bool cli_doctor_policy_of_store(const struct assay_genesis *genesis, struct assay_store *store,
                                struct assay_policy *policy, bool *has_state);
/* Profile and reference values of the data of an `assay.policy`. Returns: whether it is one. */
bool cli_doctor_policy_parse(const struct assay_json *data, struct assay_policy *policy);
/* Does it accept the program of this SHA-256, as SOFT measures it? Retiring is still accepted. */
bool cli_doctor_policy_accepts(const struct assay_policy *policy, const uint8_t digest[static 32],
                               int64_t at_unix_s);
/* Descriptors, sockets, the date of this machine (doctor_machine.c). */
void cli_doctor_machine(struct assay_doctor *d);
/* `doctor net`: which epochs the links carry (doctor_net.c). Returns: an enum assay_exit. */
int cli_doctor_net(const struct assay_doctor *d, bool json);
/* Checks of a running daemon: reachability, clock against peers, quorum, collateral
 * (doctor_daemon.c). */
void cli_doctor_daemon(struct assay_doctor *d);

#endif
