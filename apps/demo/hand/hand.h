/*
 * apps/demo/hand/hand.h - `assay-demo-hand`: actions of users in the demo's story of services, one
 * action per process, through one daemon's socket of services.
 *
 * Results are lines on stdout, with a keyword first; the story reads them. Keys are in files:
 * INSECURE.
 *
 * Exit statuses: 0 done, 1 runtime error (the last line says what), 3 usage, 4 refused:
 * the services did what they exist for.
 */
#ifndef ASSAY_APPS_DEMO_HAND_HAND_H
#define ASSAY_APPS_DEMO_HAND_HAND_H

#include "apps/service/signals.h"
#include "base/secret.h"

#include <limits.h>

enum { HAND_OK = 0, HAND_WORLD = 1, HAND_USAGE = 3, HAND_REFUSED = 4 };
enum { HAND_PATIENCE_MS = 120000 }; /* for what takes a second on an idle machine */

/* --- main.c */
/* One line on stdout, at once. */
__attribute__((format(printf, 1, 2))) void hand_say(const char *format, ...);
/* The same, which is the last one. Returns: HAND_WORLD */
__attribute__((format(printf, 1, 2))) int hand_fail(const char *format, ...);
/* Returns: DIR/NAME, in one of a few static buffers. */
const char *hand_in(const char *dir, const char *name);
/* A file of 32 bytes that its owner alone may read. Returns: whether it is one. */
bool hand_key(const char *dir, const char *name, struct assay_secret32 *key);

/* --- actions, with their arguments; each returns an exit status */
/* observer SOCKET DIR [ACCOUNT ..]: prints the state of services in the ledger on change; stores
 * claims in DIR. */
int hand_observer(int argc, char **argv);
/* put SOCKET DIR CLUSTER: DIR/secret is dealt; read SOCKET DIR: DIR/read becomes it. */
int hand_put(int argc, char **argv);
int hand_read(int argc, char **argv);
/* task SOCKET DIR CODE PRICE STEPS: DIR/input is counted, DIR/output is what came last. */
int hand_task(int argc, char **argv);
/* forge SOCKET FILE: a claim with another receipt is handed in. */
int hand_forge(int argc, char **argv);

#endif
