/*
 * apps/demo/services.h - story of services: programs next to the daemons, and actions of users and
 * enclaves, as rows of the table of life.h.
 *
 * services.c has the cast, the plan and the rows; services_cast.c starts, reads and ends processes;
 * services_state.c, services_database.c, services_secret.c and services_task.c have the actions.
 * The state of services in the ledger is read from a process that follows it (hand/observer.c),
 * that of programs from their logs.
 */
#ifndef ASSAY_APPS_DEMO_SERVICES_H
#define ASSAY_APPS_DEMO_SERVICES_H

#include "apps/demo/life.h"

enum {
    SERVICES_PEERS = 11,
    SERVICES_LINE = 640,
    /* Members by their place: the first group's replicas, the second's, the slots of cluster 0 and
     * of cluster 1. */
    SERVICES_GROUP = 5,     /* replicas of a group, slots of a cluster */
    SERVICES_THRESHOLD = 3, /* shares that make the secret */
    SERVICES_SPARE = 5,     /* the sixth peer: a holder without a slot at first */
    SERVICES_TAMPERED = 1,  /* the second: its enclave is swapped */
    SERVICES_EXECUTORS = 3,
    SERVICES_STEPS = 3,      /* of the task */
    SERVICES_BALANCE = 1000, /* the requestor's, at first */
    SERVICES_PATIENCE_S = 240,
};

/* A process: a program of services, a hand of hand/ or an enclave of enclave/. */
struct services_process {
    char name[32];
    char log[PATH_MAX + 64];
    pid_t pid;    /* 0: it does not run */
    bool is_hand; /* ends by itself */
    bool ended;   /* on its own, or as requested */
    int status;   /* then: to exit with; -1: by a signal */
};

/* --- services_cast.c */
/* Keys, folders and the section of the plan. Returns: false after saying why on stderr */
bool services_plan(struct demo *demo, FILE *plan);
/* Configurations and the programs of every service but the spare's holder. Returns: whether they
 * run */
bool services_start(struct demo *demo);
bool services_start_spare(struct demo *demo);
/* SIGKILL, with that detail in the timeline. */
void services_kill(struct demo *demo, struct services_process *process, const char *detail);
/* SIGKILL and what was remembered is gone; and a new process in its place. */
void services_kill_replica(struct demo *demo, uint32_t peer);
bool services_start_replica(struct demo *demo, uint32_t peer);
/* A deed of hand/ with these words, NULL at the end. Returns: its process, or one that ended */
struct services_process *services_hand(struct demo *demo, const char *name,
                                       const char *const words[]);
/* The same of an enclave of enclave/. */
struct services_process *services_enclave(struct demo *demo, const char *name,
                                          const char *const words[]);
/* Another program, with its path first and NULL at the end. ends: by itself, as a hand does. Its
 * name is part of that of its log. Returns: its process, or one that ended */
struct services_process *services_program(struct demo *demo, const char *name, char *const argv[],
                                          bool ends);
/* SIGTERM, and its end is waited for. Returns: whether it ended with status 0 */
bool services_stop(struct services_process *process);
/* SIGTERM. */
void services_ask_to_end(struct services_process *process);
/* Reaps ended processes, and reports unexpected ones. */
void services_look(struct demo *demo);
/* Ends all. */
void services_end(struct demo *demo);
/* Returns: how many programs ended by themselves. */
unsigned services_lost(void);
/* The last line that begins with these words. Out: what follows them. Returns: whether there is
 * one */
bool services_said(const struct services_process *process, const char *words,
                   char rest[static SERVICES_LINE]);
/* The same for the state of services in the ledger, from the witness's daemon. */
bool services_seen(const char *words, char rest[static SERVICES_LINE]);
/* The same of the line of that number among them, from 1 on. */
bool services_nth(const char *words, unsigned number, char rest[static SERVICES_LINE]);
/* Returns: how many there are. */
unsigned services_count_seen(const char *words);
/* Whether it ended with another status than this; then the row has failed, with its last line. */
bool services_went_wrong(const struct services_process *process, int status,
                         struct life_turn *turn);
/* Returns: the folder of the witness' sockets of services, of another peer's. */
const char *services_socket(struct demo *demo);
const char *services_socket_of(struct demo *demo, uint32_t peer);
/* Folder `to` becomes a copy of `from`, both below the demo's. Returns: whether it did */
bool services_copy(struct demo *demo, const char *from, const char *to);
/* Returns: the peer in a slot of the network; DEMO_PEERS_MAX: none that the witness knows. */
uint32_t services_peer_in(struct demo *demo, unsigned slot);
unsigned services_slot_of(struct demo *demo, uint32_t peer);
/* Returns: what follows the word " WORD ", "" when it does not stand there. */
const char *services_behind(const char *text, const char *word);
/* Numbers behind that word: at most max of them. Returns: how many */
unsigned services_numbers(const char *text, const char *word, unsigned *numbers, unsigned max);
/* Prices of executors for a step, and the paid account in hexadecimal. */
extern const unsigned services_price[SERVICES_EXECUTORS];
extern const uint32_t services_executor[SERVICES_EXECUTORS]; /* peers */
const char *services_payee(uint32_t executor);
const char *services_requestor(void);

/* --- rows */
bool services_look_states(struct demo *demo, struct life_turn *turn);
bool services_look_rollback(struct demo *demo, struct life_turn *turn);
bool services_look_clone(struct demo *demo, struct life_turn *turn);
bool services_look_rows(struct demo *demo, struct life_turn *turn);
bool services_look_restored(struct demo *demo, struct life_turn *turn);
bool services_look_copied(struct demo *demo, struct life_turn *turn);
bool services_look_load(struct demo *demo, struct life_turn *turn);
bool services_look_kept(struct demo *demo, struct life_turn *turn);
bool services_look_gone(struct demo *demo, struct life_turn *turn);
bool services_look_dealt(struct demo *demo, struct life_turn *turn);
bool services_look_tampered(struct demo *demo, struct life_turn *turn);
bool services_look_moved(struct demo *demo, struct life_turn *turn);
bool services_look_renewed(struct demo *demo, struct life_turn *turn);
bool services_look_read(struct demo *demo, struct life_turn *turn);
bool services_look_chosen(struct demo *demo, struct life_turn *turn);
bool services_look_paid(struct demo *demo, struct life_turn *turn);
bool services_look_private(struct demo *demo, struct life_turn *turn);
bool services_look_forged(struct demo *demo, struct life_turn *turn);

#endif
