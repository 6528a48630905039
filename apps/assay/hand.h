/*
 * apps/assay/hand.h - a record that the command line hands to a daemon, until it is final
 * (docs/services.md 4.1), and the accounts that sign some of them.
 */
#ifndef ASSAY_APPS_HAND_H
#define ASSAY_APPS_HAND_H

#include "apps/assay/ask.h"
#include "net/services/follower.h"

enum { ASSAY_HAND_TIMEOUT_MS = 60000 };

struct assay_hand;

/* Of a key file, as assay account create writes it; the caller wipes *secret. What is wrong is
 * said. Returns: an enum assay_exit. */
int assay_hand_key(const char *group, const char *path, struct assay_secret32 *secret,
                   uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);
/* By 64 hexadecimal digits, or a key file. What is wrong is said. Returns: an enum assay_exit. */
int assay_hand_account(const char *group, const char *text, uint8_t account[static 32]);
/* Where the daemon says that programs follow it. What is wrong is said. Out: path. Returns: an enum
 * assay_exit. */
int assay_hand_path(const struct assay_question *q, char path[static ASSAY_FOLLOWER_PATH_MAX + 1]);
/* What the option of a verb that hands in says, and its default. Returns: -1 to go on, else the
 * exit status. */
int assay_hand_timeout(struct assay_question *q, const char *text);
/* Plain digits, min and above. Returns: whether, and *out. */
bool assay_hand_number(const char *text, uint64_t min, uint64_t *out);

/* Dials and waits until the ledger has told. What is wrong is said. Returns: an enum assay_exit;
 * only with ASSAY_EXIT_OK there is a *hand, to be closed. */
int assay_hand_open(const struct assay_question *q, enum assay_service service,
                    struct assay_hand **hand);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_hand_close(struct assay_hand **hand);
/* Returns: who is followed; never NULL. */
const struct assay_follower *assay_hand_follower(const struct assay_hand *hand);
/* Hands the record in, again and again, until it is final or the time is over. What is not
 * applied is said. Out: *word: what became of it (registry.h), "" when that is not known. Returns:
 * an enum assay_exit. */
int assay_hand_submit(struct assay_hand *hand, enum assay_service_kind kind,
                      struct assay_slice payload, const char **word);

#endif
