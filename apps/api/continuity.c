/*
 * apps/api/continuity.c - libassay-continuity: rollback protection of an enclave's state
 * (include/assay/continuity.h).
 */
#include "base/assert.h"
#include "base/checked.h"
#include "base/crypto.h"
#include "base/system_clock.h"
#include "net/services/continuity/enclave_files.h"
#include "net/services/follower.h"
#include "services/registry/plan.h"
#include "services/shares/sodium.h"

#include <assay/continuity.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATE_DEFAULT = 16 * 1024 * 1024,
    STATE_MAX = 1024 * 1024 * 1024,
    TIMEOUT_MS_MAX = 86400000,
    OPTIONS_MAX = 4096, /* bytes of the options of any later version */
    REASON_LEN = 512,
    REFRESH_EPOCHS = 64, /* after which the sealed trust is written again */
};

_Static_assert(ASSAY_CONTINUITY_KEY_LEN == sizeof(struct assay_secret32), "one length");
_Static_assert(ASSAY_CONTINUITY_OWNER_LEN == (int)ASSAY_P256_PUBLIC_LEN, "one length");
_Static_assert(ASSAY_CONTINUITY_SIGNATURE_LEN == (int)ASSAY_P256_SIGNATURE_LEN, "one length");
_Static_assert(ASSAY_CONTINUITY_RECEIPT_MAX == (int)ASSAY_CONT_RECEIPT_MAX, "one bound");

enum phase { UNUSABLE, STARTING, FOUND, RUNNING };

/* A file that is removed when a later state is certified. */
struct kept {
    uint64_t index, session;
};

struct assay_continuity {
    enum phase phase;
    struct assay_enclave_files files;
    struct assay_enclave *enclave;
    bool is_new;                      /* its identity is not in the folder yet */
    struct assay_cont_entry found;    /* after FOUND */
    struct assay_enclave_state state; /* adopted, or given last */
    uint8_t given_digest[32];
    struct kept kept; /* the oldest file that is not removed; those after it are of this session */
    uint64_t saved_epoch, saved_view; /* of the sealed trust */
    char reason[REASON_LEN];
};

/* ------------------------------------------------------------ results */

static const struct {
    enum assay_continuity_result result;
    const char *name, *text;
} texts[] = {
    { ASSAY_CONTINUITY_OK, "OK", "success" },
    { ASSAY_CONTINUITY_IN_DOUBT, "IN_DOUBT",
      "not in time; it may still be certified: release nothing, and call again" },
    { ASSAY_CONTINUITY_FENCED, "FENCED",
      "a newer session of this instance runs: discard the state in memory and end" },
    { ASSAY_CONTINUITY_ROLLBACK, "ROLLBACK",
      "the folder does not have the state that was certified last: bring back the newest copy of "
      "the folder; an older one is refused permanently" },
    { ASSAY_CONTINUITY_HALTED, "HALTED",
      "a quorum of the group's replicas has lost its memory, so no state can be shown to be the "
      "newest: serve nothing, retain the folder, and ask the operators" },
    { ASSAY_CONTINUITY_NOT_KEPT, "NOT_KEPT",
      "the ledger has removed the instance, as its lease expired: serve nothing, retain the "
      "folder, and create another instance" },
    { ASSAY_CONTINUITY_RETIRED, "RETIRED", "the instance was retired by its own key" },
    { ASSAY_CONTINUITY_FULL, "FULL",
      "4,096 states wait to be certified: wait for one of them before the next" },
    { ASSAY_CONTINUITY_TOO_EARLY, "TOO_EARLY",
      "no session runs: call assay_continuity_start until it returns OK; or nothing is certified "
      "yet: save a state first" },
    { ASSAY_CONTINUITY_NO_ROOM, "NO_ROOM",
      "the group has no room for another instance: retire one, or use another group" },
    { ASSAY_CONTINUITY_QUOTA, "QUOTA",
      "the daemon's member has as many instances as it may have: retire one, or use the daemon of "
      "another member" },
    { ASSAY_CONTINUITY_CLONES, "CLONES",
      "too many sessions of this instance in this epoch: several copies run, or it restarts too "
      "often; call again in the next epoch" },
    { ASSAY_CONTINUITY_SUSPENDED, "SUSPENDED",
      "the daemon's member has too low a standing: use the daemon of another member, or call "
      "again when it has recovered" },
    { ASSAY_CONTINUITY_REFUSED, "REFUSED", "the ledger refused the session" },
    { ASSAY_CONTINUITY_OTHER_CHAIN, "OTHER_CHAIN",
      "folder, checkpoint and daemon must be of one network and group; nothing was sent" },
    { ASSAY_CONTINUITY_NO_PROOF, "NO_PROOF",
      "no hand-over leads from the sealed view to the one that serves: call again, or supply a "
      "later checkpoint that the owner has signed" },
    { ASSAY_CONTINUITY_OTHER_ERA, "OTHER_ERA",
      "the operators have restarted the ledger (RECOVER): supply a later checkpoint that the owner "
      "has signed" },
    { ASSAY_CONTINUITY_TRUST_EXPIRED, "TRUST_EXPIRED",
      "the trusted checkpoint is too old for what the ledger has: supply a later one that the "
      "owner has signed" },
    { ASSAY_CONTINUITY_NOT_OWNER, "NOT_OWNER",
      "the later checkpoint cannot be read, or is not signed by the owner's key" },
    { ASSAY_CONTINUITY_NO_INSTANCE, "NO_INSTANCE",
      "the folder has no instance: bring back the folder, or create one if there never was one" },
    { ASSAY_CONTINUITY_EXISTS, "EXISTS",
      "the folder has an instance already: open it, or create another one in another folder" },
    { ASSAY_CONTINUITY_SEALED, "SEALED",
      "a file was changed or sealed with another key, or is of another program: supply the key "
      "that it was sealed with, bring back the newest copy, or use the program that made it" },
    { ASSAY_CONTINUITY_STORAGE, "STORAGE",
      "a file of the folder cannot be read or written: nothing was sent; see the reason" },
    { ASSAY_CONTINUITY_TOO_LARGE, "TOO_LARGE",
      "the state has more bytes than state_max, or a key or value of a store has too many" },
    { ASSAY_CONTINUITY_MISUSE, "MISUSE", "an argument is none that the function takes" },
    { ASSAY_CONTINUITY_SYSTEM, "SYSTEM",
      "no memory, descriptors, random numbers, or the cryptographic library failed" },
};

const char *assay_continuity_name(enum assay_continuity_result result)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].result == result) return texts[i].name;
    return "UNKNOWN";
}

const char *assay_continuity_describe(enum assay_continuity_result result)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].result == result) return texts[i].text;
    return "no result of this version";
}

__attribute__((format(printf, 3, 4))) static enum assay_continuity_result set_reason(
    struct assay_continuity *c, enum assay_continuity_result result, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(c->reason, sizeof c->reason, format, list);
    va_end(list);
    return result;
}

static enum assay_continuity_result refuse_argument(struct assay_continuity *c, const char *reason)
{
    return set_reason(c, ASSAY_CONTINUITY_MISUSE, "%s", reason);
}

/* What was refused before is no reason of these. */
static bool is_of_end(enum assay_continuity_result result)
{
    return result == ASSAY_CONTINUITY_FENCED || result == ASSAY_CONTINUITY_HALTED ||
           result == ASSAY_CONTINUITY_NOT_KEPT || result == ASSAY_CONTINUITY_RETIRED;
}

/* Where nothing was refused. */
static enum assay_continuity_result set_usual_reason(struct assay_continuity *c,
                                                     enum assay_continuity_result result)
{
    const struct assay_cont_client *client = assay_enclave_client(c->enclave);
    const struct assay_cont_roster *roster = &client->config.roster;
    const unsigned long long session = client->config.session;
    if (result == ASSAY_CONTINUITY_FENCED)
        return set_reason(c, result, "session %llu is not the newest one", session);
    if (result == ASSAY_CONTINUITY_IN_DOUBT && session == 0)
        return set_reason(c, result, "the ledger has not numbered a session yet");
    if (result == ASSAY_CONTINUITY_IN_DOUBT)
        return set_reason(
            c, result, "certified is index %llu; %u of %u replicas are connected, %u are needed",
            (unsigned long long)client->certified, assay_enclave_count_connected(c->enclave),
            roster->count, assay_cont_quorum(roster->count));
    return set_reason(c, result, "%s", "");
}

/* Of calls into the session. */
static enum assay_continuity_result result_of(struct assay_continuity *c,
                                              enum assay_enclave_result result)
{
    enum assay_continuity_result out = ASSAY_CONTINUITY_SYSTEM;
    switch (result) {
    case ASSAY_ENCLAVE_OK: out = ASSAY_CONTINUITY_OK; break;
    case ASSAY_ENCLAVE_IN_DOUBT: out = ASSAY_CONTINUITY_IN_DOUBT; break;
    case ASSAY_ENCLAVE_FENCED: out = ASSAY_CONTINUITY_FENCED; break;
    case ASSAY_ENCLAVE_ROLLBACK: out = ASSAY_CONTINUITY_ROLLBACK; break;
    case ASSAY_ENCLAVE_NO_QUORUM: out = ASSAY_CONTINUITY_HALTED; break;
    case ASSAY_ENCLAVE_FULL: out = ASSAY_CONTINUITY_FULL; break;
    case ASSAY_ENCLAVE_TOO_EARLY: out = ASSAY_CONTINUITY_TOO_EARLY; break;
    case ASSAY_ENCLAVE_CHAIN: out = ASSAY_CONTINUITY_OTHER_CHAIN; break;
    case ASSAY_ENCLAVE_NO_ROOM: out = ASSAY_CONTINUITY_NO_ROOM; break;
    case ASSAY_ENCLAVE_QUOTA: out = ASSAY_CONTINUITY_QUOTA; break;
    case ASSAY_ENCLAVE_CLONES: out = ASSAY_CONTINUITY_CLONES; break;
    case ASSAY_ENCLAVE_NO_STANDING: out = ASSAY_CONTINUITY_SUSPENDED; break;
    case ASSAY_ENCLAVE_GONE_ROW: out = ASSAY_CONTINUITY_NOT_KEPT; break;
    case ASSAY_ENCLAVE_RETIRED: out = ASSAY_CONTINUITY_RETIRED; break;
    case ASSAY_ENCLAVE_REFUSED: out = ASSAY_CONTINUITY_REFUSED; break;
    case ASSAY_ENCLAVE_NO_PROOF: out = ASSAY_CONTINUITY_NO_PROOF; break;
    case ASSAY_ENCLAVE_OTHER_ERA: out = ASSAY_CONTINUITY_OTHER_ERA; break;
    case ASSAY_ENCLAVE_TRUST_EXPIRED: out = ASSAY_CONTINUITY_TRUST_EXPIRED; break;
    case ASSAY_ENCLAVE_FAILED: break;
    }
    if (out == ASSAY_CONTINUITY_OK) return set_reason(c, out, "%s", "");
    const char *const why = is_of_end(out) ? "" : assay_enclave_get_failure(c->enclave);
    return why[0] != '\0' ? set_reason(c, out, "%s", why) : set_usual_reason(c, out);
}

/* Of files: what was done, and with which one. */
static enum assay_continuity_result result_of_file(struct assay_continuity *c,
                                                   enum assay_status status, const char *file)
{
    const char *const folder = c->files.folder;
    const int reason = errno;
    if (status == ASSAY_OK) return ASSAY_CONTINUITY_OK;
    if (status == ASSAY_E_IO)
        return set_reason(c, ASSAY_CONTINUITY_STORAGE, "%s/%s: %s", folder, file, strerror(reason));
    if (status == ASSAY_E_NOT_FOUND)
        return set_reason(c, ASSAY_CONTINUITY_NO_INSTANCE, "%s: has no file %s", folder, file);
    if (status == ASSAY_E_DUPLICATE)
        return set_reason(c, ASSAY_CONTINUITY_EXISTS, "%s: has a file %s", folder, file);
    if (status == ASSAY_E_MEMORY) return set_reason(c, ASSAY_CONTINUITY_SYSTEM, "no memory");
    if (status == ASSAY_E_CRYPTO)
        return set_reason(c, ASSAY_CONTINUITY_SYSTEM, "no random numbers");
    return set_reason(c, ASSAY_CONTINUITY_SEALED,
                      "%s/%s: cannot be opened with this key: it was changed, or sealed with "
                      "another one",
                      folder, file);
}

/* ------------------------------------------------------------ options */

static enum assay_continuity_result check_options(struct assay_continuity *c,
                                                  const struct assay_continuity_options *o)
{
    if (o == NULL) return refuse_argument(c, "options: expected them, not NULL");
    if (o->size < sizeof *o || o->size > OPTIONS_MAX)
        return refuse_argument(c, "size: expected sizeof(struct assay_continuity_options)");
    if (!assay_bytes_all_zero((const uint8_t *)o + sizeof *o, o->size - sizeof *o))
        return refuse_argument(c, "size: members of a later version of the library are set");
    if (o->daemon == NULL || o->folder == NULL || o->checkpoint == NULL || o->key == NULL)
        return refuse_argument(c, "expected daemon, folder, checkpoint and key");
    if (o->daemon[0] == '\0' || strlen(o->daemon) > ASSAY_FOLLOWER_PATH_MAX)
        return set_reason(c, ASSAY_CONTINUITY_MISUSE, "daemon: expected a path of 1 to %d bytes",
                          (int)ASSAY_FOLLOWER_PATH_MAX);
    if (o->group >= ASSAY_PLAN_GROUPS_MAX)
        return set_reason(c, ASSAY_CONTINUITY_MISUSE, "group: expected less than %d, found %u",
                          (int)ASSAY_PLAN_GROUPS_MAX, (unsigned)o->group);
    if (o->folder[0] == '\0' || strlen(o->folder) > ASSAY_ENCLAVE_FILES_FOLDER_MAX)
        return refuse_argument(c, "folder: expected a path of 1 to 3900 bytes");
    if (assay_bytes_all_zero(o->key, ASSAY_CONTINUITY_KEY_LEN))
        return refuse_argument(c, "key: expected 32 secret bytes, found zeros");
    if (o->state_max > STATE_MAX) return refuse_argument(c, "state_max: expected at most 1 GiB");
    if (o->later != NULL && o->later_signature == NULL)
        return refuse_argument(c, "later: expected later_signature with it");
    if (o->later != NULL && o->later_len == 0)
        return refuse_argument(c, "later: expected a checkpoint, found no bytes");
    if (o->later != NULL && o->owner == NULL)
        return refuse_argument(c, "later: expected the owner's key with it");
    return ASSAY_CONTINUITY_OK;
}

static enum assay_continuity_result read_checkpoint(struct assay_continuity *c,
                                                    const struct assay_continuity_options *o,
                                                    struct assay_checkpoint *checkpoint)
{
    const enum assay_status status =
        assay_checkpoint_decode(assay_slice_over(o->checkpoint, o->checkpoint_len), checkpoint);
    if (status == ASSAY_OK) return ASSAY_CONTINUITY_OK;
    return set_reason(c, ASSAY_CONTINUITY_MISUSE,
                      "checkpoint: expected one of `assay checkpoint`, found other bytes (%s)",
                      assay_status_text(status));
}

static enum assay_continuity_result open_enclave(struct assay_continuity *c,
                                                 const struct assay_continuity_options *o,
                                                 const struct assay_enclave_identity *identity,
                                                 const struct assay_enclave_trust *trust)
{
    char message[ASSAY_ENCLAVE_MESSAGE_LEN];
    const struct assay_enclave_config config = {
        .ledger = o->daemon,
        .group = o->group,
        .identity = identity,
        .trust = trust,
        .owner = o->owner,
        .later = { o->later, o->later != NULL ? o->later_len : 0 },
        .later_signature = o->later_signature,
        .handover_ms = o->handover_ms,
        .lease = o->lease,
    };
    const enum assay_status status = assay_enclave_open(&config, &c->enclave, message);
    if (status == ASSAY_OK) {
        c->phase = STARTING;
        return ASSAY_CONTINUITY_OK;
    }
    const bool is_local = status == ASSAY_E_MEMORY || status == ASSAY_E_IO ||
                          status == ASSAY_E_CRYPTO || status == ASSAY_E_KEY;
    enum assay_continuity_result result = ASSAY_CONTINUITY_NOT_OWNER;
    if (status == ASSAY_E_CHAIN) result = ASSAY_CONTINUITY_OTHER_CHAIN;
    if (is_local) result = ASSAY_CONTINUITY_SYSTEM;
    return set_reason(c, result, "%s", message);
}

static enum assay_continuity_result open_existing(struct assay_continuity *c,
                                                  const struct assay_continuity_options *o,
                                                  const struct assay_checkpoint *pinned)
{
    struct assay_enclave_identity identity;
    struct assay_enclave_trust trust;
    const enum assay_status status =
        assay_enclave_files_load_identity(&c->files, &identity, &trust);
    if (status != ASSAY_OK) return result_of_file(c, status, "identity");
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    if (!assay_bytes_equal(identity.chain_id, pinned->chain_id, 32))
        result = set_reason(c, ASSAY_CONTINUITY_OTHER_CHAIN,
                            "%s: the instance is of another network than the checkpoint",
                            c->files.folder);
    if (result == ASSAY_CONTINUITY_OK) result = open_enclave(c, o, &identity, &trust);
    assay_secret_wipe(&identity, sizeof identity);
    return result;
}

static enum assay_continuity_result create_new(struct assay_continuity *c,
                                               const struct assay_continuity_options *o,
                                               const struct assay_checkpoint *pinned)
{
    const struct assay_enclave_trust trust = { .checkpoint = *pinned };
    enum assay_status status = assay_enclave_files_make_folder(&c->files);
    if (status != ASSAY_OK) return result_of_file(c, status, "");
    status = assay_enclave_files_has_identity(&c->files);
    if (status == ASSAY_OK) status = ASSAY_E_DUPLICATE;
    if (status != ASSAY_E_NOT_FOUND) return result_of_file(c, status, "identity");
    c->is_new = true;
    return open_enclave(c, o, NULL, &trust);
}

/* Without slashes at its end: what is made durable is the folder that has its name. */
static void set_folder(struct assay_continuity *c, const char *folder)
{
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/')
        len--;
    (void)snprintf(c->files.folder, sizeof c->files.folder, "%.*s", (int)len, folder);
}

static enum assay_continuity_result prepare(struct assay_continuity *c,
                                            const struct assay_continuity_options *o, bool is_new)
{
    struct assay_checkpoint pinned;
    enum assay_continuity_result result = check_options(c, o);
    if (result == ASSAY_CONTINUITY_OK) result = read_checkpoint(c, o, &pinned);
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (assay_sodium_start() != ASSAY_OK)
        return set_reason(c, ASSAY_CONTINUITY_SYSTEM, "libsodium cannot be initialised");
    set_folder(c, o->folder);
    assay_bytes_copy(c->files.key.bytes, sizeof c->files.key.bytes, o->key,
                     ASSAY_CONTINUITY_KEY_LEN);
    c->files.state_max = o->state_max != 0 ? o->state_max : STATE_DEFAULT;
    return is_new ? create_new(c, o, &pinned) : open_existing(c, o, &pinned);
}

static enum assay_continuity_result make_handle(const struct assay_continuity_options *options,
                                                bool is_new, struct assay_continuity **out)
{
    if (out == NULL) return ASSAY_CONTINUITY_MISUSE;
    *out = calloc(1, sizeof **out);
    if (*out == NULL) return ASSAY_CONTINUITY_SYSTEM;
    return prepare(*out, options, is_new);
}

enum assay_continuity_result assay_continuity_create(const struct assay_continuity_options *options,
                                                     struct assay_continuity **out)
{
    return make_handle(options, true, out);
}

enum assay_continuity_result assay_continuity_open(const struct assay_continuity_options *options,
                                                   struct assay_continuity **out)
{
    return make_handle(options, false, out);
}

void assay_continuity_close(struct assay_continuity **handle)
{
    if (handle == NULL || *handle == NULL) return;
    assay_enclave_close(&(*handle)->enclave);
    assay_enclave_state_free(&(*handle)->state);
    assay_secret_wipe(*handle, sizeof **handle);
    free(*handle);
    *handle = NULL;
}

/* ------------------------------------------------------------ start */

/* Whether a call can be made at all. */
static enum assay_continuity_result check_handle(struct assay_continuity *c, enum phase least,
                                                 uint32_t timeout_ms)
{
    if (c == NULL) return ASSAY_CONTINUITY_MISUSE;
    c->reason[0] = '\0';
    if (c->phase == UNUSABLE)
        return refuse_argument(c, "the handle is one whose create or open failed");
    if (timeout_ms > TIMEOUT_MS_MAX)
        return refuse_argument(c, "timeout_ms: expected at most 86400000");
    if (c->phase < least)
        return set_reason(c, ASSAY_CONTINUITY_TOO_EARLY,
                          "expected assay_continuity_start to have returned OK");
    return ASSAY_CONTINUITY_OK;
}

static int left_of(uint64_t ends_ms)
{
    const uint64_t now_ms = assay_monotonic_ms();
    if (now_ms >= ends_ms) return 0;
    /* A host may set the clock back. */
    return ends_ms - now_ms < TIMEOUT_MS_MAX ? (int)(ends_ms - now_ms) : TIMEOUT_MS_MAX;
}

/* The identity with what the session trusts now, for the next start. */
static enum assay_continuity_result save_trust(struct assay_continuity *c)
{
    struct assay_enclave_trust trust;
    assay_enclave_get_trust(c->enclave, &trust);
    const enum assay_status status = assay_enclave_files_save_identity(
        &c->files, assay_enclave_identity(c->enclave), &trust, c->is_new);
    if (status == ASSAY_E_DUPLICATE)
        return set_reason(c, ASSAY_CONTINUITY_EXISTS,
                          "%s: has a file identity, which is of another instance", c->files.folder);
    if (status != ASSAY_OK) return result_of_file(c, status, "identity");
    c->is_new = false;
    c->saved_epoch = trust.checkpoint.epoch;
    c->saved_view = trust.roster.view;
    return ASSAY_CONTINUITY_OK;
}

/* An older trust costs the next start time, and nothing else, so a failure waits for another one.
 */
static void refresh_trust(struct assay_continuity *c)
{
    struct assay_enclave_trust trust;
    if (c->phase != RUNNING) return;
    assay_enclave_get_trust(c->enclave, &trust);
    if (trust.roster.view == c->saved_view &&
        trust.checkpoint.epoch < c->saved_epoch + REFRESH_EPOCHS)
        return;
    c->saved_epoch = trust.checkpoint.epoch;
    c->saved_view = trust.roster.view;
    assay_status_ignore(assay_enclave_files_save_identity(
                            &c->files, assay_enclave_identity(c->enclave), &trust, false),
                        "tried again with a later epoch");
}

static void set_digest(struct assay_continuity *c)
{
    assay_bytes_zero(c->given_digest, 32);
    if (c->state.index > 0)
        assay_cont_state_digest(c->found.instance, c->state.index, c->state.prev, c->state.hash,
                                c->given_digest);
}

static enum assay_continuity_result find_state(struct assay_continuity *c)
{
    char unreadable[64];
    assay_enclave_state_free(&c->state);
    const enum assay_status status =
        assay_enclave_files_find(&c->files, &c->found, &c->state, unreadable);
    if (status == ASSAY_E_RANGE)
        return set_reason(c, ASSAY_CONTINUITY_STORAGE, "%s: has more than %d files",
                          c->files.folder, (int)ASSAY_ENCLAVE_FILES_FILES_MAX);
    if (status != ASSAY_OK) return result_of_file(c, status, unreadable);
    set_digest(c);
    if (unreadable[0] == '\0' || assay_bytes_equal(c->given_digest, c->found.digest, 32))
        return ASSAY_CONTINUITY_OK;
    return set_reason(c, ASSAY_CONTINUITY_SEALED,
                      "%s/%s: cannot be opened with this key: it was changed, sealed with another "
                      "one, or has more than state_max (%zu) bytes",
                      c->files.folder, unreadable, c->files.state_max);
}

static enum assay_continuity_result refuse_rollback(struct assay_continuity *c)
{
    char given[65], found[65];
    assay_hex_encode(c->given_digest, 32, given, sizeof given);
    assay_hex_encode(c->found.digest, 32, found, sizeof found);
    return set_reason(c, ASSAY_CONTINUITY_ROLLBACK,
                      "the folder's newest state has index %llu and digest %s; certified last was "
                      "index %llu with digest %s",
                      (unsigned long long)c->state.index, given, (unsigned long long)c->found.index,
                      found);
}

static enum assay_continuity_result adopt_state(struct assay_continuity *c, int timeout_ms)
{
    const struct assay_enclave_state *s = &c->state;
    const uint64_t session = assay_enclave_client(c->enclave)->config.session;
    const enum assay_enclave_result adopted =
        assay_enclave_adopt(c->enclave, s->index, s->prev, s->hash, timeout_ms);
    if (adopted == ASSAY_ENCLAVE_ROLLBACK) return refuse_rollback(c);
    enum assay_continuity_result result = result_of(c, adopted);
    if (result == ASSAY_CONTINUITY_OK) result = save_trust(c);
    if (result != ASSAY_CONTINUITY_OK) return result;
    c->phase = RUNNING;
    assay_enclave_files_sweep(&c->files, s->index, session, s);
    c->kept = (struct kept){ .index = s->index, .session = s->session };
    return ASSAY_CONTINUITY_OK;
}

enum assay_continuity_result assay_continuity_start(struct assay_continuity *handle,
                                                    uint32_t timeout_ms)
{
    struct assay_continuity *c = handle;
    const uint64_t ends_ms = assay_monotonic_ms() + timeout_ms;
    enum assay_continuity_result result = check_handle(c, STARTING, timeout_ms);
    if (result != ASSAY_CONTINUITY_OK || c->phase == RUNNING) return result;
    if (c->phase == STARTING) {
        result = result_of(c, assay_enclave_start(c->enclave, left_of(ends_ms), &c->found));
        /* A birth is complete now, and must be durable before its first state. */
        if (result == ASSAY_CONTINUITY_OK && c->is_new) result = save_trust(c);
        if (result == ASSAY_CONTINUITY_OK) result = find_state(c);
        if (result != ASSAY_CONTINUITY_OK) return result;
        c->phase = FOUND;
    }
    return adopt_state(c, left_of(ends_ms));
}

const void *assay_continuity_state(const struct assay_continuity *handle, size_t *len,
                                   uint64_t *index)
{
    const bool has_state = handle != NULL && handle->phase == RUNNING;
    if (len != NULL) *len = has_state ? handle->state.len : 0;
    if (index != NULL) *index = has_state ? handle->state.index : 0;
    return has_state ? handle->state.bytes : NULL;
}

/* ------------------------------------------------------------ states */

/* Removes the files of states before the certified one. */
static void remove_older(struct assay_continuity *c)
{
    const struct assay_cont_client *client = assay_enclave_client(c->enclave);
    if (c->phase != RUNNING) return;
    while (c->kept.index < client->certified) {
        if (c->kept.index > 0)
            assay_enclave_files_remove(&c->files, c->kept.index, c->kept.session);
        c->kept = (struct kept){ .index = c->kept.index + 1, .session = client->config.session };
    }
}

static enum assay_continuity_result after_step(struct assay_continuity *c,
                                               enum assay_enclave_result result)
{
    remove_older(c);
    if (result == ASSAY_ENCLAVE_OK || result == ASSAY_ENCLAVE_IN_DOUBT) refresh_trust(c);
    return result_of(c, result);
}

/* Whether the session accepts a state: before it is written. */
static enum assay_continuity_result check_room(struct assay_continuity *c)
{
    const struct assay_cont_client *client = assay_enclave_client(c->enclave);
    if (client->last - client->certified < ASSAY_CONT_QUEUE_MAX) return ASSAY_CONTINUITY_OK;
    return set_reason(c, ASSAY_CONTINUITY_FULL, "%d states wait to be certified",
                      (int)ASSAY_CONT_QUEUE_MAX);
}

/* Out: *next: with a copy of the bytes. */
static enum assay_continuity_result seal_state(struct assay_continuity *c, struct assay_slice bytes,
                                               struct assay_enclave_state *next)
{
    const struct assay_cont_client *client = assay_enclave_client(c->enclave);
    *next = (struct assay_enclave_state){ .index = client->last + 1,
                                          .session = client->config.session,
                                          .len = bytes.len };
    assay_bytes_copy(next->prev, 32, client->last_digest, 32);
    if (bytes.len > 0) next->bytes = malloc(bytes.len);
    if (bytes.len > 0 && next->bytes == NULL)
        return set_reason(c, ASSAY_CONTINUITY_SYSTEM, "no memory");
    assay_bytes_copy(next->bytes, bytes.len, bytes.bytes, bytes.len);
    const enum assay_status status =
        assay_enclave_files_put(&c->files, client->config.instance, next, bytes);
    if (status == ASSAY_OK) return ASSAY_CONTINUITY_OK;
    const enum assay_continuity_result result = result_of_file(c, status, "state");
    assay_enclave_state_free(next);
    return result;
}

enum assay_continuity_result assay_continuity_update(struct assay_continuity *handle,
                                                     const void *state, size_t len, uint64_t *index)
{
    struct assay_continuity *c = handle;
    struct assay_enclave_state next;
    enum assay_continuity_result result = check_handle(c, RUNNING, 0);
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (state == NULL && len > 0) return refuse_argument(c, "state: expected bytes, not NULL");
    if (len > c->files.state_max)
        return set_reason(c, ASSAY_CONTINUITY_TOO_LARGE, "expected at most %zu bytes, found %zu",
                          c->files.state_max, len);
    /* What has arrived may make room, or end the session. */
    result = after_step(c, assay_enclave_step(c->enclave, 0));
    if (result == ASSAY_CONTINUITY_OK) result = check_room(c);
    if (result == ASSAY_CONTINUITY_OK) result = seal_state(c, assay_slice_over(state, len), &next);
    if (result != ASSAY_CONTINUITY_OK) return result;
    uint64_t at = 0;
    result = result_of(c, assay_enclave_update(c->enclave, next.hash, &at));
    if (result != ASSAY_CONTINUITY_OK) {
        assay_enclave_files_remove(&c->files, next.index, next.session);
        assay_enclave_state_free(&next);
        return result;
    }
    ASSAY_ASSERT(at == next.index);
    assay_enclave_state_free(&c->state);
    c->state = next;
    set_digest(c);
    if (index != NULL) *index = at;
    return ASSAY_CONTINUITY_OK;
}

enum assay_continuity_result assay_continuity_wait(struct assay_continuity *handle, uint64_t index,
                                                   uint32_t timeout_ms)
{
    const enum assay_continuity_result result = check_handle(handle, RUNNING, timeout_ms);
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (index > handle->state.index)
        return set_reason(handle, ASSAY_CONTINUITY_MISUSE,
                          "index: expected that of a state that was given, at most %llu",
                          (unsigned long long)handle->state.index);
    return after_step(handle, assay_enclave_wait(handle->enclave, index, (int)timeout_ms));
}

enum assay_continuity_result assay_continuity_save(struct assay_continuity *handle,
                                                   const void *state, size_t len,
                                                   uint32_t timeout_ms)
{
    uint64_t index = 0;
    enum assay_continuity_result result = check_handle(handle, RUNNING, timeout_ms);
    if (result == ASSAY_CONTINUITY_OK) result = assay_continuity_update(handle, state, len, &index);
    return result == ASSAY_CONTINUITY_OK ? assay_continuity_wait(handle, index, timeout_ms)
                                         : result;
}

enum assay_continuity_result assay_continuity_confirm(struct assay_continuity *handle,
                                                      uint32_t timeout_ms)
{
    const enum assay_continuity_result result = check_handle(handle, RUNNING, timeout_ms);
    if (result != ASSAY_CONTINUITY_OK) return result;
    return after_step(handle, assay_enclave_confirm(handle->enclave, (int)timeout_ms));
}

enum assay_continuity_result assay_continuity_receipt(struct assay_continuity *handle,
                                                      const uint8_t *nonce, uint8_t *receipt,
                                                      size_t capacity, size_t *len,
                                                      uint32_t timeout_ms)
{
    struct assay_continuity *c = handle;
    struct assay_cont_receipt made;
    struct assay_slice bytes;
    enum assay_continuity_result result = check_handle(c, RUNNING, timeout_ms);
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (nonce == NULL || receipt == NULL || len == NULL)
        return refuse_argument(c, "expected nonce, receipt and len");
    result = after_step(c, assay_enclave_receipt(c->enclave, nonce, (int)timeout_ms, &made));
    if (result != ASSAY_CONTINUITY_OK) return result;
    if (assay_cont_receipt_encode(&made, receipt, capacity, &bytes) != ASSAY_OK)
        return refuse_argument(c, "capacity: expected ASSAY_CONTINUITY_RECEIPT_MAX");
    *len = bytes.len;
    return ASSAY_CONTINUITY_OK;
}

enum assay_continuity_result assay_continuity_retire(struct assay_continuity *handle,
                                                     uint32_t timeout_ms)
{
    const enum assay_continuity_result result = check_handle(handle, RUNNING, timeout_ms);
    if (result != ASSAY_CONTINUITY_OK) return result;
    return result_of(handle, assay_enclave_retire(handle->enclave, (int)timeout_ms));
}

/* ------------------------------------------------------------ event loops, status */

enum assay_continuity_result assay_continuity_step(struct assay_continuity *handle,
                                                   uint32_t timeout_ms)
{
    const enum assay_continuity_result result = check_handle(handle, STARTING, timeout_ms);
    if (result != ASSAY_CONTINUITY_OK) return result;
    return after_step(handle, assay_enclave_step(handle->enclave, (int)timeout_ms));
}

int assay_continuity_fd(const struct assay_continuity *handle)
{
    return handle != NULL && handle->phase != UNUSABLE ? assay_enclave_fd(handle->enclave) : -1;
}

int assay_continuity_timeout_ms(const struct assay_continuity *handle)
{
    return handle != NULL && handle->phase != UNUSABLE ? assay_enclave_timeout_ms(handle->enclave)
                                                       : 0;
}

enum assay_status assay_continuity_get_status(const struct assay_continuity *handle,
                                              struct assay_continuity_status *status)
{
    if (handle == NULL || status == NULL || status->size < sizeof *status) return ASSAY_E_INVALID;
    *status = (struct assay_continuity_status){ .size = sizeof *status };
    if (handle->phase == UNUSABLE) return ASSAY_OK;
    const struct assay_cont_client *client = assay_enclave_client(handle->enclave);
    const bool is_running = handle->phase == RUNNING;
    assay_bytes_copy(status->chain_id, 32, assay_enclave_identity(handle->enclave)->chain_id, 32);
    assay_bytes_copy(status->instance, 32, client->config.instance, 32);
    status->session = client->config.session;
    status->view = client->config.roster.view;
    status->given = handle->state.index;
    assay_bytes_copy(status->given_digest, 32, handle->given_digest, 32);
    status->certified = is_running ? client->certified : handle->found.index;
    assay_bytes_copy(status->certified_digest, 32,
                     is_running ? client->certified_digest : handle->found.digest, 32);
    return ASSAY_OK;
}

const char *assay_continuity_reason(const struct assay_continuity *handle)
{
    return handle != NULL ? handle->reason : "";
}
