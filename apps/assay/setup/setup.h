/*
 * apps/assay/setup/setup.h - helpers shared by `assay setup` and `assay node`: running other verbs,
 * writing files, prompts on a terminal.
 */
#ifndef ASSAY_APPS_ASSAY_SETUP_SETUP_H
#define ASSAY_APPS_ASSAY_SETUP_SETUP_H

#include "apps/assay/core/command.h"

#include <limits.h>
#include <pwd.h>
#include <stdbool.h>

struct assay_setup {
    const char *dir, *name, *genesis, *gossip, *kind, *credential, *vendor, *admin, *http;
    const char *nodes, *operators, *vendors, *epoch_ms, *port, *http_port;
    bool services;               /* local: in its plan */
    bool identity;               /* local: a group key in its plan */
    bool start, stop;            /* local: its processes */
    bool unit;                   /* node: for assayd.service, where packages put things */
    const char *config, *socket; /* node: its file, its enclave's socket */
    const char *enclave;         /* "": the one next to this program */
    size_t peer_count;
    const char *peers[256]; /* NODE_ID=HOST:PORT */
    char enclave_path[PATH_MAX];
};

/* Runs `assay WORDS...` (ending with NULL); out: where its standard output goes, NULL: nowhere.
 * Its stderr is passed through. Returns: its exit status. */
int cli_setup_run(const char *out, const char *const *words);
/* Verbs run as this user of the machine from now on; NULL: as the current user. */
void cli_setup_set_user(const struct passwd *user);
/* A path of two parts. Returns: a static buffer, the next of eight; "" when it does not fit. */
const char *cli_setup_path(const char *dir, const char *name);
/* A path as it is printed: relative to the current folder where that is shorter. In: path:
 * absolute, without links. Returns: a static buffer, the next of four. */
const char *cli_setup_shown(const char *path);
/* A program in the folder of this one. Returns: false when there is none. */
bool cli_setup_find_program(const char *name, char path[static PATH_MAX]);
/* Writes a text that must not be there yet. Reports errors. Returns: an enum assay_exit. */
int cli_setup_write(const char *path, const char *text);
/* The value behind "KEY: " in a small file, without quotes. Returns: whether it is there. */
bool cli_setup_value(const char *path, const char *key, char *value, size_t size);
/* Asks on a terminal for what was not given; preset NULL: there is none. Returns: whether *value is
 * there now; on no terminal, only when it was or has a preset. */
bool cli_setup_prompt(const char *question, const char *preset, const char **value);
/* The program that nodes run: as given, else assay-enclave next to this program. Reports errors.
 * Returns: an enum assay_exit. */
int cli_setup_enclave(struct assay_setup *s);
/* The node's own copy of that program, DIR/enclave: a RESTART replaces it by the pristine one. One
 * that is there stays. Reports errors. Returns: an enum assay_exit. */
int cli_setup_copy(const struct assay_setup *s, const char *dir);
/* `assayd --check-config` on each, if assayd is next to this program. Returns: an enum
 * assay_exit. */
int cli_setup_check(const char *config);
/* Service programs next to the nodes of a local network (setup_services.c). */
struct assay_setup_programs {
    const char *dir;     /* of the network */
    const char *enclave; /* what executors run, as evidence measures it */
    unsigned long nodes;
    unsigned long port; /* the first node's; theirs stand behind all of them. 0: free ones */
    bool services;      /* executors; with shares: */
    bool shares;        /* replicas and holders as well */
    bool identity;      /* holders of the group key */
};
/* Writes replica.yaml, holder.yaml, executor.yaml, signer.yaml with its checkpoint, the key of
 * their stores and the account that is paid into the folder of node n, which counts from 1.
 * Returns: an enum assay_exit. */
int cli_setup_programs(const struct assay_setup_programs *p, unsigned long n);

/* Whether a folder has a network that `assay setup local` made. Out: *missing: the first node whose
 * assayd.yaml is not there; 0: none. Returns: its number of nodes; 0. */
unsigned long cli_setup_find_local(const char *dir, unsigned long *missing);
/* Its processes (setup_run.c). In: dir: absolute, a network by cli_setup_find_local, to start with
 * nothing missing; made: by this command. Both do nothing about what is as it should be. Each
 * Returns: an enum assay_exit; where it is another than ASSAY_EXIT_OK, nothing runs that
 * cli_setup_start has started. */
int cli_setup_start(const char *dir, bool made);
int cli_setup_stop(const char *dir);

/* For assayd.service (setup_unit.c): where the unit looks, as the user that it runs as.
 * cli_setup_unit_init sets what it decides; Returns: -1 to go on, else the exit status. The
 * others Return: an enum assay_exit. */
int cli_setup_unit_init(struct assay_setup *s);
/* The genesis, where it is there already, to where the daemon may read it. */
int cli_setup_unit_genesis(struct assay_setup *s);
/* A SOFT platform, which root made, becomes the daemon's. */
int cli_setup_unit_chown(const char *path);
void cli_setup_unit_print_next(const struct assay_setup *s); /* */

/* Each Returns: an enum assay_exit. */
int cli_setup_local(struct assay_setup *s); /* setup_local.c */
int cli_setup_node(struct assay_setup *s);  /* setup_node.c */

#endif
