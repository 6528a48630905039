/*
 * apps/demo/demo.h - `assay-demo`: a live network on loopback and its scripted story.
 *
 * network.c makes keys, vendors, genesis and configurations, tpm.c software TPMs; peer.c runs one
 * assayd and queries its view; story.c injects faults and checks their effect; view.c draws;
 * timeline.c records events. life.c is another story, of a year, services.c a third, of programs
 * that follow the ledger, identity.c a fourth, of certificates. Every result here was read from a
 * running peer.
 */
#ifndef ASSAY_APPS_DEMO_DEMO_H
#define ASSAY_APPS_DEMO_DEMO_H

#include "apps/assay/core/terminal.h"
#include "apps/demo/swtpm.h"
#include "base/crypto.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum {
    DEMO_PEERS_MIN = 7,
    DEMO_PEERS_MAX = 20,
    DEMO_ROOTS = 4,
    DEMO_TEXT = 256,
    DEMO_EVENTS_MAX = 4096,
    DEMO_CHECKS_MAX = 48,
};

/* One peer's report of one member (document `nodes`). */
struct demo_member {
    char name[32];
    uint32_t slot;
    uint32_t score_bp, integrity_bp, availability_bp, weight, incarnation;
    bool probation;
    char standing[16];
    char condition[16]; /* OFFLINE ...: docs/operations.md 1; the standing where it is in service */
    char stage[16];     /* member, resting, left ...: docs/protocol.md 9.6 */
    bool in_maintenance;
    bool failing;           /* by the last judgement of the peer that is asked */
    char reason[DEMO_TEXT]; /* that judgement, or the rule that set the score; empty: neither */
};

/* One reading of a peer's documents. */
struct demo_reading {
    bool reachable;
    uint64_t epoch, height, certified_epoch;
    bool voting, behind, certified;
    bool operator_cap_met, vendor_cap_met;
    uint64_t head_time_ms;
    uint64_t change_sequence;                        /* of the last change that a block took */
    char policy_digest[65], endorsements_digest[65]; /* in force */
    uint64_t era;
    uint64_t reverted_sequence; /* of the change that reverted last; 0: none did */
    uint64_t trial_sequence;    /* of the change that is watched; 0: none is */
    pid_t enclave_pid;
    char measurement[65];
    uint32_t member_count;
    struct demo_member members[DEMO_PEERS_MAX];
};

struct demo_peer {
    uint32_t index;           /* from 0 */
    uint32_t root, operator_; /* its vendor and its operator, from 0 */
    char name[32];
    char program[PATH_MAX + 64]; /* assayd, or its Byzantine test build */
    char dir[PATH_MAX], admin[PATH_MAX], log[PATH_MAX];
    unsigned port;
    unsigned http_port; /* of the witness: the page; of the others 0, unless the story serves */
    uint8_t node_id[32];
    struct swtpm tpm;      /* --evidence tpm: its platform */
    pid_t pid;             /* 0: not running */
    uint64_t timeline_seq; /* how far its timeline was read */
    struct demo_reading now;
};

struct demo;

/* What is done to a network, and what must follow. */
struct demo_story {
    const char *name;
    uint32_t peers;        /* exactly so many; 0: as many as asked for */
    uint32_t spares;       /* peers that are made, and join later or never */
    uint32_t epoch_ms;     /* where programs start quickly; 0: by its peers */
    uint32_t epoch_ms_min; /* of this story: what it waits for takes seconds */
    bool dated;            /* dates are set: months pass in seconds */
    bool serves;           /* every peer answers relying parties over HTTP */
    const char *title;     /* of the live view */
    /* Whether this machine has what it needs; NULL: nothing. Returns: false after saying what it
     * lacks */
    bool (*ready)(void);
    void (*cast)(struct demo *);          /* NULL: vendors in turn, an operator each */
    bool (*is_byzantine)(uint32_t index); /* needs the test build; NULL: none */
    /* Adds to the plan of genesis; NULL: nothing. Returns: false after saying why on stderr */
    bool (*plan)(struct demo *, FILE *plan);
    /* One look at the network and the next deed. Returns: false when the story is over. */
    bool (*step)(struct demo *, bool *failed);
    /* Ends its processes other than the peers, which still run; also after an aborted story. May be
     * NULL. */
    void (*end)(struct demo *);
    /* What can be checked only after every peer has stopped. */
    void (*after)(struct demo *);
};

struct demo_options {
    const struct demo_story *story;
    bool brief; /* the story's short form, where it has one */
    bool headless, keep;
    bool tpm;              /* evidence of software TPMs instead of SOFT */
    const char *json_path; /* NULL: none */
    uint32_t peer_count, epoch_ms;
    const char *dir; /* NULL: a fresh one below the temporary folder */
};

struct demo_event {
    uint64_t at_ms; /* since the start of the story */
    uint64_t epoch;
    char peer[32];
    char code[32];
    char text[DEMO_TEXT];
};

/* Something that must have happened for exit status 0. */
struct demo_check {
    const char *name;
    const char *expected; /* longer text; NULL: the name is enough */
    bool known, passed;
    uint64_t at_ms;         /* monotonic, when it was known */
    char figure[DEMO_TEXT]; /* what was measured */
};

struct demo {
    struct demo_options options;
    /* Working folder; folder of the programs; folder of the demo's helper programs. */
    char dir[PATH_MAX], bin[PATH_MAX], cast[PATH_MAX + 32];
    struct demo_peer peers[DEMO_PEERS_MAX];
    uint32_t prepared, operators; /* peers with keys, some of which may join later */
    uint32_t witness;             /* queried peer */
    uint8_t good_measurement[32], tampered_measurement[32];
    uint64_t started_ms;
    size_t event_count;
    struct demo_event events[DEMO_EVENTS_MAX];
    size_t check_count;
    struct demo_check checks[DEMO_CHECKS_MAX];
    const char *chapter; /* one line: what is going on */
};

/* --- network.c: everything up to the moment before the peers start.
 * Returns: true; false after saying why on stderr. */
bool demo_network_make(struct demo *demo);

/* --- member.c: an item of `nodes` */
struct assay_json;
void demo_member_read(struct demo_member *member, const struct assay_json *node);
/* Returns: the member of that name as the peer sees it, or NULL. */
const struct demo_member *demo_member_of(const struct demo_peer *peer, const char *name);

/* --- peer.c */
/* Sleep, interrupted by a signal. */
void demo_sleep_ms(unsigned ms);
/* Returns: true when the process runs. */
bool demo_peer_start(struct demo *demo, struct demo_peer *peer);
/* SIGTERM, then SIGKILL after grace_ms. Returns: true when it exited by itself with status 0. */
bool demo_peer_stop(struct demo_peer *peer, unsigned grace_ms);
void demo_peer_kill(struct demo_peer *peer);
/* A careless or evil host: another program where the enclave's was, and the old process killed; the
 * daemon starts the new one. Returns: true when done; false: the peer did not answer just now. */
bool demo_peer_swap_enclave(struct demo *demo, const struct demo_peer *peer);
/* Reads status, nodes and the new part of its timeline into peer->now. */
void demo_peer_read(struct demo *demo, struct demo_peer *peer);
/* Returns: a counter of the peer, 0 when it cannot be had. */
uint64_t demo_peer_counter(const struct demo_peer *peer, const char *name);
/* Whether a process that we started is gone; never waits. Out: *status, as waitpid has it. */
bool demo_reaped(pid_t pid, int *status);
/* The last line of a log, or its end: it has the reason of an exit. */
enum { DEMO_LAST_WORDS = 110 }; /* including its prefix: DEMO_TEXT */
void demo_last_words(const char *log, char words[static DEMO_LAST_WORDS]);
/* Run a program to its end, output to the log. Returns: exit status, -1 when it did not exit. */
int demo_run(const struct demo *demo, const char *log, char *const argv[]);
/* The peer that is asked what happened: one that the story does nothing to. */
struct demo_peer *demo_witness(struct demo *demo);

/* --- timeline.c */
__attribute__((format(printf, 5, 6))) void demo_report(struct demo *demo, uint64_t epoch,
                                                       const char *peer, const char *code,
                                                       const char *format, ...);
/* The check of that name, made on first use. */
struct demo_check *demo_check(struct demo *demo, const char *name);
__attribute__((format(printf, 3, 4))) void demo_settle(struct demo_check *check, bool passed,
                                                       const char *format, ...);
/* Returns: true when the file was written. */
bool demo_timeline_write(const struct demo *demo, const char *path, bool passed);
/* The closing table. Returns: true when every check is known and passed. */
bool demo_summary(const struct demo *demo, FILE *out);

/* --- view.c */
void demo_view_open(const struct demo *demo);
/* A frame for the terminal of stdout. */
void demo_view_draw(const struct demo *demo);
/* The same for any: at most its lines but one, each at most its columns wide. */
void demo_view_frame(const struct demo *demo, const struct assay_terminal *terminal, FILE *out);
void demo_view_close(void);
/* Returns: how wide the terminal is; 80 where there is none. */
int demo_view_columns(void);

/* --- audit.c */
/* Copy and read the store of a killed peer. Returns: true when it could be read. */
bool demo_audit_before(struct demo *demo, const struct demo_peer *peer);
/* After it was stopped: nothing signed twice in both lives together. */
void demo_audit_signatures(struct demo *demo, const struct demo_peer *peer, const char *check);
/* The store of a stopped peer has a finality proof of every epoch; none took too long. */
void demo_audit_finality(struct demo *demo, const struct demo_peer *peer);
/* The same without a bound on any epoch: dates leap, or more than peers keeps the machine busy. */
void demo_audit_proofs(struct demo *demo, const struct demo_peer *peer, const char *check);

/* --- story.c: tampering, slander, SIGKILL, replay. */
extern const struct demo_story demo_story_trial;
/* --- life.c: a year of members, rules and disasters. */
extern const struct demo_story demo_story_life;
/* --- services.c: state continuity, shares and tasks, by programs next to the daemons. */
extern const struct demo_story demo_story_services;
/* --- identity.c: certificates of workload keys, by holders of the network's group key. */
extern const struct demo_story demo_story_identity;

/* --- dates.c: the dates of every process that is started from here on.
 * Returns: true; false after saying why on stderr. */
bool demo_dates_begin(struct demo *demo);
/* All of them are so many days further. */
void demo_dates_forward(unsigned days);

/* SIGINT or SIGTERM came. */
extern volatile sig_atomic_t demo_interrupted;

#endif
