/*
 * apps/assay/operate/doctor_files.c - doctor checks of files: configuration, genesis with its
 * policy and collateral, keys, folders and their free space, programs, source of evidence.
 */
#include "apps/assay/operate/doctor.h"

#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/service_user.h"
#include "apps/assay/members/node_source.h"
#include "apps/config/rights.h"
#include "base/base64.h"
#include "base/file/trust.h"
#include "base/rfc3339.h"
#include "engine/ledger/state/genesis.h"
#include "engine/store/store_sqlite.h"
#include "net/keys/keyring.h"
#include "net/keys/store_binding.h"
#include "quote/collateral/endorsements.h"
#include "quote/collateral/life.h"
#include "quote/x509.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FREE_WARN_MIB = 1024, FREE_FAIL_MIB = 64, DAY_S = 86400, ALARM_DAYS = 7 };
enum { IMAGE_MAX = 1 << 30 };
enum { KEY_DIGITS_SHOWN = 128 }; /* of a key, in the words of an action */
enum { PEM_MAX = 256 * 1024, DER_MAX = 16 * 1024, RENEW_DAYS = 14 };

/* What of the genesis is looked at, and the policy in force. On the heap. */
struct effective {
    uint8_t *bytes;
    bool has_genesis;
    struct assay_genesis genesis;
    bool is_member;  /* of the genesis */
    bool has_policy; /* else it is not known which one is in force */
    struct assay_policy policy;
    struct assay_collateral collateral[ASSAY_ENDORSEMENTS_MAX];
    struct assay_endorsements endorsements;
    struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
};

/* ------------------------------------------------------------ genesis and collateral */

static void look_at_life(struct assay_doctor *d, const struct assay_collateral_life *life)
{
    char until[ASSAY_RFC3339_LEN + 1] = "";
    if (!life->is_bounded) return;
    assay_rfc3339_format(life->until_unix_s, until);
    const int64_t left_s = life->until_unix_s - d->at_unix_s;
    const bool early = life->from_unix_s > d->at_unix_s;
    const enum assay_health health = left_s < 0 || early           ? ASSAY_HEALTH_FAIL
                                     : left_s < ALARM_DAYS * DAY_S ? ASSAY_HEALTH_WARN
                                                                   : ASSAY_HEALTH_OK;
    cli_doctor_report(d, "collateral", health, "valid for a week or more",
                      "assay collateral status: a running network renews it (collateral.fetch in "
                      "assayd.yaml, or assay collateral fetch and pack and submit)",
                      "of genesis: %s expires first, %s %s%s", life->expires_first,
                      left_s < 0 ? "it ended at" : "at", until,
                      early ? ", and is not valid yet" : "");
}

static void look_at_collateral(struct assay_doctor *d, struct effective *c)
{
    size_t count = 0;
    const struct assay_slice *const e = &c->genesis.endorsements;
    if (assay_endorsements_decode(e->bytes, e->len, c->collateral, ASSAY_ENDORSEMENTS_MAX,
                                  &c->endorsements) != ASSAY_OK) {
        cli_doctor_report(d, "collateral", ASSAY_HEALTH_FAIL, "collateral that verifies",
                          "recreate the genesis (assay genesis create)",
                          "that of the genesis does not verify");
        return;
    }
    assay_collateral_lifetimes(&c->endorsements, c->lives, &count);
    for (size_t i = 0; i < count; i++)
        look_at_life(d, &c->lives[i]);
}

/* A node without configured peers waits for incoming connections. */
static void look_at_peers(struct assay_doctor *d, const struct effective *c)
{
    if (c->genesis.member_count < 2) return;
    if (d->config.peer_count > 0) {
        cli_doctor_report(d, "peers", ASSAY_HEALTH_OK, "", "", "%zu configured of %u members",
                          (size_t)d->config.peer_count, (unsigned)c->genesis.member_count);
        return;
    }
    cli_doctor_report(d, "peers", ASSAY_HEALTH_WARN, "addresses of three members or more",
                      "add them to peers of assayd.yaml: node and address of each",
                      "peers is empty, of %u members", (unsigned)c->genesis.member_count);
}

static void look_at_genesis(struct assay_doctor *d, struct effective *c)
{
    struct assay_where where = { 0 };
    size_t len = 0;
    const char *const path = d->config.genesis;
    enum assay_status status = assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &c->bytes, &len);
    if (status == ASSAY_OK)
        status = assay_genesis_decode(c->bytes, len, false, &c->genesis, &where);
    if (status != ASSAY_OK) {
        const bool is_unsigned = status == ASSAY_E_SIGNATURE;
        cli_doctor_report(d, "genesis", ASSAY_HEALTH_FAIL,
                          "a genesis that the threshold of its operators signed",
                          is_unsigned ? "assay genesis show FILE lists the signatures"
                                      : "get the genesis of the network from an operator, and name "
                                        "it as node.genesis",
                          "%s: %s", path, cli_file_fault_of(path, status, "a genesis"));
        return;
    }
    cli_doctor_report(d, "genesis", ASSAY_HEALTH_OK, "", "", "%s: %u members, signed by %u of %u",
                      path, (unsigned)c->genesis.member_count, (unsigned)c->genesis.signature_count,
                      (unsigned)c->genesis.operator_count);
    c->has_genesis = true;
    /* A running network may have renewed it, and reports that itself. */
    if (!d->runs) look_at_collateral(d, c);
}

/* Without a state: that of the genesis is in force where the chain begins. Operators may have
 * changed it before a node joins, or since a member has lost its store. */
static void take_founding_policy(const struct assay_doctor *d, struct effective *c)
{
    const struct assay_slice *const p = &c->genesis.policy;
    const bool begins = c->is_member && assay_keyring_binding_is_first(d->config.keys_dir);
    c->has_policy = begins && assay_policy_decode(p->bytes, p->len, &c->policy) == ASSAY_OK;
}

static void take_policy(struct assay_doctor *d, struct effective *c, struct assay_store *store)
{
    bool has_state = false;
    if (!c->has_genesis) return;
    c->has_policy = cli_doctor_policy_of_store(&c->genesis, store, &c->policy, &has_state);
    if (c->has_policy && !has_state) take_founding_policy(d, c);
}

static void look_at_policy(struct assay_doctor *d, struct effective *c)
{
    if (d->runs) c->has_policy = cli_doctor_policy_of_daemon(d, &c->policy);
    if (c->has_policy && c->policy.profile == ASSAY_PROFILE_DEVELOPMENT)
        cli_doctor_report(d, "policy", ASSAY_HEALTH_WARN, "profile production",
                          "use profile production wherever the answer matters",
                          "profile development: evidence proves nothing about hardware");
}

/* ------------------------------------------------------------ keys and folders */

static bool is_private(const struct stat *info)
{
    return (info->st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

static const char folder_expected[] = "a folder of this user, mode 0700";

/* Returns: whether a folder that cannot be looked at was reported. why: errno */
static bool reports_denied(struct assay_doctor *d, const char *about, const char *path, int why)
{
    if (why != EACCES) return false;
    cli_doctor_report(d, about, ASSAY_HEALTH_WARN, "a folder that this user may look at",
                      "run assay doctor as the daemon's user", "%s: %s", path, strerror(why));
    return true;
}

/* As evaluated by the daemon, which makes it. */
static void look_at_state(struct assay_doctor *d)
{
    const char *const path = d->config.state_dir;
    char fault[ASSAY_FILE_MESSAGE_LEN];
    struct stat info;
    if (stat(path, &info) != 0) {
        const int why = errno;
        if (reports_denied(d, "state", path, why)) return;
        cli_doctor_report(d, "state", why == ENOENT ? ASSAY_HEALTH_OK : ASSAY_HEALTH_FAIL,
                          folder_expected, why == ENOENT ? "" : "name another node.state_dir",
                          "%s: %s", path,
                          why == ENOENT ? "does not exist yet; assayd creates it" : strerror(why));
        return;
    }
    const bool loose = S_ISDIR(info.st_mode) && assay_file_trust_fault(path, fault);
    const bool sound = S_ISDIR(info.st_mode) && !loose;
    cli_doctor_report(d, "state", sound ? ASSAY_HEALTH_OK : ASSAY_HEALTH_FAIL,
                      "a folder that other users cannot write, mode 0755 or less",
                      sound   ? ""
                      : loose ? "chown it to the daemon's user, chmod go-w"
                              : "name another node.state_dir, or remove the file",
                      loose ? "%s" : "%s: %s", loose ? fault : path,
                      sound ? "a folder" : "no folder");
}

/* As evaluated by the daemon; that others may read names in it is a warning alone, since each file
 * has its own permissions. Returns: whether keys can be looked for in it. */
static bool look_at_keys_folder(struct assay_doctor *d)
{
    const char *const path = d->config.keys_dir;
    char fault[ASSAY_FILE_MESSAGE_LEN];
    struct stat info;
    if (stat(path, &info) != 0) {
        const int why = errno;
        if (!reports_denied(d, "keys", path, why))
            cli_doctor_report(d, "keys", ASSAY_HEALTH_FAIL, folder_expected,
                              "of a member: bring it back from its back-up, since new keys are "
                              "another node's; of a new node: assay keys generate DIR --name NAME",
                              "%s: %s", path, strerror(why));
        return false;
    }
    if (assay_file_folder_fault(path, fault)) {
        cli_doctor_report(d, "keys", ASSAY_HEALTH_FAIL, folder_expected,
                          "correct owner and mode of that path (chown, chmod); the keys stay", "%s",
                          fault);
        return false;
    }
    const bool sound = is_private(&info);
    cli_doctor_report(d, "keys", sound ? ASSAY_HEALTH_OK : ASSAY_HEALTH_WARN, folder_expected,
                      sound ? "" : "chmod 700", "%s: a folder, mode %04o, of user %u", path,
                      (unsigned)(info.st_mode & 07777), (unsigned)info.st_uid);
    return true;
}

/* The list of files that assayd tests before it starts. */
static void check_permissions(struct assay_doctor *d)
{
    const struct assay_config_sources sources = { .path = d->config_path,
                                                  .environment = assay_config_environment() };
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "", fault[ASSAY_FILE_MESSAGE_LEN] = "";
    struct assay_config_layers layers = { 0 };
    const enum assay_status status = assay_config_layers_open(&sources, &layers, message);
    const bool loose =
        status == ASSAY_OK && assay_config_rights_fault(d->config_path, &layers, &d->config, fault);
    if (status == ASSAY_OK)
        cli_doctor_report(d, "permissions", loose ? ASSAY_HEALTH_FAIL : ASSAY_HEALTH_OK,
                          "files that other users cannot change; assayd refuses to start otherwise",
                          loose ? "correct owner and mode of that path (chown, chmod go-w)" : "",
                          "%s",
                          loose ? fault : "only this user and root change the files that it names");
    assay_config_layers_close(&layers);
}

/*
 * Keys of two nodes in one folder: each file is good, and the node that has them is neither. The
 * card has the public halves of what was made together; voting and transport keys of a later
 * incarnation are newer than it.
 */
static void look_at_card(struct assay_doctor *d, const struct assay_keyring *ring)
{
    char path[PATH_MAX], message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    struct assay_node_card card;
    const struct assay_key_set *const own = &ring->current;
    const bool first = own->incarnation == 1;
    const char *other = NULL;
    if (snprintf(path, sizeof path, "%s/node.yaml", d->config.keys_dir) >= (int)sizeof path ||
        assay_node_card_load(path, &card, message) != ASSAY_OK)
        return; /* only commands read it */
    if (!assay_bytes_equal(card.node_id, ring->node_id, sizeof card.node_id)) other = "identity";
    else if (!assay_bytes_equal(card.bootstrap_public, ring->bootstrap_public,
                                sizeof card.bootstrap_public))
        other = "bootstrap";
    else if (first &&
             !assay_bytes_equal(card.voting_public, own->voting_public, sizeof card.voting_public))
        other = "voting";
    else if (first && !assay_bytes_equal(card.transport_public, own->transport_public,
                                         sizeof card.transport_public))
        other = "transport";
    if (other == NULL) return;
    cli_doctor_report(d, "keys", ASSAY_HEALTH_FAIL, "keys and node.yaml of one node in this folder",
                      "restore the entire folder from this node's back-up; never mix two folders",
                      "%s: the %s key is of another node than the card of \"%s\", node.yaml",
                      d->config.keys_dir, other, card.name);
}

/* Which store the keys remember: a start with another one makes new keys. */
static void check_binding(struct assay_doctor *d, struct assay_store *store)
{
    static const char expected[] = "the store that the keys were used with";
    enum assay_store_binding_fit fit = ASSAY_STORE_BINDING_FITS;
    const enum assay_status status = assay_keyring_binding_check(d->config.keys_dir, store, &fit);
    if (status != ASSAY_OK)
        cli_doctor_report(d, "keys", ASSAY_HEALTH_FAIL, "store.id as the daemon wrote it",
                          "bring the file back from the back-up of the keys; without one remove "
                          "it and the store together: new keys are made then",
                          "%s/store.id: damaged, or of a newer version", d->config.keys_dir);
    else if (fit != ASSAY_STORE_BINDING_FITS)
        cli_doctor_report(d, "store", ASSAY_HEALTH_WARN, expected,
                          "is node.state_dir right? Else a start makes new keys, and the node does "
                          "not vote until they are listed",
                          "%s: %s", d->config.state_dir,
                          fit == ASSAY_STORE_BINDING_NONE ? "the store of these keys is not here"
                          : fit == ASSAY_STORE_BINDING_OTHER
                              ? "another store than that of these keys"
                              : "an older copy of the store of these keys");
}

void cli_doctor_holder(struct assay_doctor *d)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/store.sqlite", d->config.state_dir) >= (int)sizeof path)
        return;
    d->is_held = assay_store_sqlite_is_held(path);
    d->holder = assay_store_sqlite_holder(path);
}

static void say_held(struct assay_doctor *d, const char *path)
{
    char process[32] = "another process";
    if (d->holder > 0) (void)snprintf(process, sizeof process, "process %d", d->holder);
    cli_doctor_report(d, "store", ASSAY_HEALTH_WARN, "a daemon that holds its store and answers",
                      "leave the store alone: look at that process and its log; when it hangs, end "
                      "it and start it again",
                      "%s: held by %s: it runs and does not answer", path, process);
}

/* A running daemon has checked its store, and holds it. */
static void look_at_store(struct assay_doctor *d, struct effective *c)
{
    char path[PATH_MAX], message[ASSAY_STORE_MESSAGE_LEN] = "";
    struct assay_store *store = NULL;
    if (d->runs ||
        snprintf(path, sizeof path, "%s/store.sqlite", d->config.state_dir) >= (int)sizeof path)
        return;
    if (d->is_held) {
        say_held(d, path);
        return;
    }
    if (access(path, F_OK) == 0 && access(path, R_OK | W_OK) != 0) {
        cli_doctor_report(d, "store", ASSAY_HEALTH_WARN, "a store that this user may open",
                          "run assay doctor as the daemon's user", "%s: %s", path, strerror(errno));
        return;
    }
    const enum assay_status status =
        assay_store_sqlite_inspect(path, &store, message, sizeof message);
    if (status == ASSAY_E_NOT_FOUND) { /* before the first start */
        take_founding_policy(d, c);
        check_binding(d, NULL);
        return;
    }
    cli_doctor_report(
        d, "store", status == ASSAY_OK ? ASSAY_HEALTH_OK : ASSAY_HEALTH_FAIL,
        "a store that is complete, and that no other process holds",
        "of a damaged one: move the state folder away, save it, and start with what a "
        "peer saved (assay store save, assay store restore)",
        "%s", status == ASSAY_OK ? path : message);
    if (status == ASSAY_OK) check_binding(d, store);
    if (status == ASSAY_OK) take_policy(d, c, store);
    assay_store_close(&store);
}

/* Copies of the enclave by their digests: the daemon refuses to start with one that is damaged. */
static void look_at_images(struct assay_doctor *d)
{
    char dir[PATH_MAX], path[PATH_MAX + 257], text[65];
    uint8_t digest[32] = { 0 };
    if (snprintf(dir, sizeof dir, "%s/images", d->config.state_dir) >= (int)sizeof dir) return;
    DIR *const folder = opendir(dir);
    if (folder == NULL)
        return; /* before the first start, or of another user: reported for the folder */
    size_t sound = 0;
    bool damaged = false;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (strlen(e->d_name) != 64) continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        const enum assay_status status = assay_file_read(path, IMAGE_MAX, &bytes, &len);
        if (status == ASSAY_OK) assay_sha256(bytes, len, digest);
        free(bytes);
        assay_hex_encode(digest, sizeof digest, text, sizeof text);
        if (status == ASSAY_OK && strcmp(text, e->d_name) == 0) {
            sound++;
            continue;
        }
        damaged = true;
        cli_doctor_report(d, "images", ASSAY_HEALTH_FAIL, "copies whose SHA-256 is their name",
                          "put the image of that digest back, or remove the copy and install the "
                          "enclave that the policy names",
                          "%s: %s", path,
                          status == ASSAY_OK ? "damaged" : cli_file_fault(path, status));
    }
    (void)closedir(folder);
    if (!damaged)
        cli_doctor_report(d, "images", ASSAY_HEALTH_OK, "", "", "%s: %zu cop%s of the enclave", dir,
                          sound, sound == 1 ? "y" : "ies");
}

/* The change that lists the waiting identity key, of those that the daemon has in blocks. Returns:
 * its number, 0: there is none, or no daemon answers. */
static unsigned long long find_identity_change(const struct assay_doctor *d,
                                               const struct assay_keyring *ring,
                                               unsigned long long *epoch)
{
    char key[2 * ASSAY_P256_PUBLIC_LEN + 1];
    struct assay_json *document = NULL;
    unsigned long long number = 0;
    assay_hex_encode(ring->next_identity_public, ASSAY_P256_PUBLIC_LEN, key, sizeof key);
    key[KEY_DIGITS_SHOWN] = '\0';
    if (!d->runs ||
        assay_client_request(d->socket, "changes", d->timeout_ms, &document) != ASSAY_OK)
        return 0;
    const struct assay_json *const list = assay_json_get(assay_json_get(document, "data"), "queue");
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *const change = assay_json_at(list, i);
        const struct assay_json *const actions = assay_json_get(change, "actions");
        for (size_t k = 0; k < assay_json_count(actions); k++) {
            const char *const words = assay_json_as_text(assay_json_at(actions, k));
            if (words == NULL || strstr(words, key) == NULL) continue;
            number = cli_number_of(change, "sequence");
            *epoch = cli_number_of(change, "activation");
        }
    }
    assay_json_free(&document);
    return number;
}

static void look_at_next_identity(struct assay_doctor *d, const struct assay_keyring *ring)
{
    const char *const folder =
        d->config.identity_dir[0] != '\0' ? d->config.identity_dir : d->config.keys_dir;
    unsigned long long epoch = 0;
    const unsigned long long change = find_identity_change(d, ring, &epoch);
    if (change > 0)
        cli_doctor_report(d, "keys", ASSAY_HEALTH_OK, "", "",
                          "%s: a new identity key waits: change %llu lists it from epoch %llu",
                          folder, change, epoch);
    else
        cli_doctor_report(
            d, "keys", ASSAY_HEALTH_WARN,
            "one identity key, or a change that lists the waiting one",
            d->runs ? "no change in a block lists it: have the operators submit one (assay keys "
                      "rotate --identity writes the request again), or remove identity.next.key"
                    : "start the daemon and run assay doctor again, which finds the change that "
                      "lists it; remove identity.next.key only if there is none",
            "%s: a new identity key waits until the network lists it", folder);
}

static void look_at_keys(struct assay_doctor *d, struct effective *c)
{
    struct assay_keyring ring;
    char message[ASSAY_FILE_MESSAGE_LEN] = "";
    if (!look_at_keys_folder(d)) return;
    const enum assay_status status =
        assay_keyring_open(d->config.keys_dir, d->config.identity_dir, &ring, message);
    if (status != ASSAY_OK) {
        const bool is_access = status == ASSAY_E_IO;
        cli_doctor_report(
            d, "keys", ASSAY_HEALTH_FAIL, "what assay keys generate made, each file of mode 0600",
            is_access ? "correct owner and mode of that path (chown, chmod 600); the keys stay"
                      : "ls -l there; bring the keys back from their back-up, never make new ones "
                        "for a member",
            "%s", message);
        return;
    }
    look_at_card(d, &ring);
    if (ring.has_next_identity) look_at_next_identity(d, &ring);
    for (uint32_t i = 0; i < c->genesis.member_count; i++)
        c->is_member =
            c->is_member || assay_bytes_equal(c->genesis.members[i].node_id, ring.node_id, 32);
    if (c->is_member)
        cli_doctor_report(d, "member", ASSAY_HEALTH_OK, "", "",
                          "the keys are of a member of the "
                          "genesis");
    else if (c->genesis.member_count > 0)
        cli_doctor_report(
            d, "member", ASSAY_HEALTH_WARN, "a member of the genesis",
            "a change joins newcomers: assay change draft --join; else these are keys "
            "of another node",
            "the keys are of no member that the genesis names");
    assay_keyring_wipe(&ring);
}

static void look_at_disk(struct assay_doctor *d)
{
    struct statvfs disk;
    char path[PATH_MAX];
    /* The folder is not there before the first start: the disk is that of what it will stand in. */
    (void)snprintf(path, sizeof path, "%s", d->config.state_dir);
    while (statvfs(path, &disk) != 0) {
        char *const slash = strrchr(path, '/');
        if (slash == NULL || slash == path) return;
        *slash = '\0';
    }
    const uint64_t free_mib = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
    const enum assay_health health = free_mib < FREE_FAIL_MIB   ? ASSAY_HEALTH_FAIL
                                     : free_mib < FREE_WARN_MIB ? ASSAY_HEALTH_WARN
                                                                : ASSAY_HEALTH_OK;
    cli_doctor_report(d, "disk", health, "1024 MiB free or more; without any the node stops",
                      "make room, or lower node.history_epochs (docs/operations.md, section 7)",
                      "%" PRIu64 " MiB free for %s", free_mib, d->config.state_dir);
}

/* The first certificate of a PEM file, as far as it is of a kind that is read here. */
static enum assay_status read_certificate(const char *path, struct assay_certificate *out)
{
    uint8_t *text = NULL, der[DER_MAX];
    size_t text_len = 0, len = 0;
    enum assay_status status = assay_file_read(path, PEM_MAX, &text, &text_len);
    struct assay_slice rest = assay_slice_over(text, text_len), label = { 0 };
    while (status == ASSAY_OK) {
        status = assay_pem_next(&rest, &label, der, sizeof der, &len);
        if (assay_slice_equal(label, assay_slice_over("CERTIFICATE", 11))) break;
    }
    if (status == ASSAY_OK) status = assay_x509_certificate(der, len, out);
    free(text);
    return status;
}

/* Certificate of remote HTTP: clients are not served after it expires. */
static void look_at_certificate(struct assay_doctor *d)
{
    static const char expected[] = "a certificate that is valid for two weeks or more";
    static const char advice[] = "give http.certificate a new one and restart the daemon";
    const char *const path = d->config.http.certificate;
    char until[ASSAY_RFC3339_LEN + 1] = "";
    struct assay_certificate certificate;
    if (path[0] == '\0') return;
    const enum assay_status status = read_certificate(path, &certificate);
    if (status != ASSAY_OK) {
        cli_doctor_report(d, "certificate",
                          status == ASSAY_E_UNSUPPORTED ? ASSAY_HEALTH_WARN : ASSAY_HEALTH_FAIL,
                          expected, advice, "%s: %s", path, cli_file_fault(path, status));
        return;
    }
    const int64_t left_s = certificate.not_after_s - d->at_unix_s;
    assay_rfc3339_format(certificate.not_after_s, until);
    cli_doctor_report(d, "certificate",
                      left_s < 0                    ? ASSAY_HEALTH_FAIL
                      : left_s < RENEW_DAYS * DAY_S ? ASSAY_HEALTH_WARN
                                                    : ASSAY_HEALTH_OK,
                      expected, advice, "%s %s %s", path, left_s < 0 ? "ended at" : "ends at",
                      until);
}

/* ------------------------------------------------------------ programs and evidence */

/* Returns: whether its SHA-256 is known. */
static bool measure_program(const char *path, uint8_t digest[static 32])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const bool is_known = assay_file_read(path, IMAGE_MAX, &bytes, &len) == ASSAY_OK;
    if (is_known) assay_sha256(bytes, len, digest);
    free(bytes);
    return is_known;
}

static void look_at_program(struct assay_doctor *d, const struct effective *c, const char *about,
                            const char *path)
{
    uint8_t digest[32];
    if (access(path, X_OK) != 0) {
        cli_doctor_report(d, about, ASSAY_HEALTH_FAIL, "a program that this user may run",
                          "fix the path in assayd.yaml, or the rights of the file", "%s: %s", path,
                          strerror(errno));
        return;
    }
    /* SOFT measures the SHA-256 of the file; what others measure is not known from here. */
    const bool is_soft = d->config.evidence.kind == ASSAY_CONFIG_SOFT;
    const bool is_compared = is_soft && c->has_policy && measure_program(path, digest);
    if (is_compared && !cli_doctor_policy_accepts(&c->policy, digest, d->at_unix_s))
        cli_doctor_report(
            d, about, ASSAY_HEALTH_FAIL, "a program that the policy accepts",
            "install the build that the policy names, or have operators allow this one "
            "(assay change draft --allow-reference)",
            "%s: its SHA-256 is no reference value of the policy", path);
    else
        cli_doctor_report(d, about, ASSAY_HEALTH_OK, "", "", "%s%s", path,
                          is_compared ? ": the policy accepts it"
                          : is_soft && !c->has_policy
                              ? ": not compared: the policy in force is not "
                                "known from here"
                              : "");
}

/* As the daemon opens it. A source in use by a daemon may report busy: then the daemon's report
 * counts. */
static void look_at_source(struct assay_doctor *d)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "", fault[ASSAY_FILE_MESSAGE_LEN];
    const struct assay_config_source *const e = &d->config.evidence;
    const enum assay_status status = cli_node_source_sample(&d->config, NULL, NULL, message);
    const bool is_key = status != ASSAY_OK && e->kind == ASSAY_CONFIG_SOFT;
    if (is_key) {
        const bool loose = assay_file_secret_fault(e->credential, fault);
        cli_doctor_report(
            d, "evidence", ASSAY_HEALTH_FAIL, "a key of a SOFT platform, mode 0600",
            loose ? "correct owner and mode of that path, or bring the file back from "
                    "its back-up"
                  : "bring the file back from its back-up; of a new node: assay soft "
                    "node",
            loose ? "soft: %s%s%s" : "soft: %s: %s%s", loose ? fault : e->credential,
            loose ? "" : cli_file_fault_of(e->credential, status, "the key of a SOFT platform"),
            "");
        return;
    }
    cli_doctor_report(d, "evidence", status == ASSAY_OK ? ASSAY_HEALTH_OK : ASSAY_HEALTH_FAIL,
                      "a source that this user may open",
                      "docs/configuration.md, sections 6 and 7, has each source's needs",
                      "%s: %s%s%s", assay_config_evidence_text(e->kind),
                      status == ASSAY_OK ? "it opens" : assay_status_text(status),
                      message[0] != '\0' ? ": " : "", message);
}

void cli_doctor_config(struct assay_doctor *d)
{
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    if (d->config_path == NULL) {
        cli_doctor_report(
            d, "configuration", ASSAY_HEALTH_WARN, "the file that assayd reads",
            "give --config FILE: keys, folders, disk and evidence are looked at by it",
            "none was given, and there is no /etc/assay/assayd.yaml");
        return;
    }
    d->has_config = assay_config_load_here(d->config_path, &d->config, message) == ASSAY_OK;
    if (d->has_config)
        cli_doctor_report(d, "configuration", ASSAY_HEALTH_OK, "", "", "%s", d->config_path);
    else
        cli_doctor_report(d, "configuration", ASSAY_HEALTH_FAIL, "a file that assayd accepts",
                          access(d->config_path, R_OK) == 0
                              ? "fix that line; docs/configuration.md, section 3, has every key"
                              : "name the file that assayd reads, or make one (assay setup node)",
                          "%s", message);
}

void cli_doctor_files(struct assay_doctor *d)
{
    struct effective *const c = calloc(1, sizeof *c);
    struct assay_service_user user;
    if (c == NULL) return;
    cli_service_user_enter(&d->config, &user);
    look_at_genesis(d, c);
    look_at_peers(d, c);
    look_at_keys(d, c);
    look_at_state(d);
    check_permissions(d);
    look_at_store(d, c);
    look_at_policy(d, c);
    look_at_images(d);
    look_at_disk(d);
    look_at_certificate(d);
    look_at_program(d, c, "enclave.path", d->config.enclave_path);
    look_at_program(d, c, "restore_path", d->config.enclave_restore_path);
    look_at_source(d);
    cli_service_user_leave(&user);
    free(c->bytes);
    free(c);
}
