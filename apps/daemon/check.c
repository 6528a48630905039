/*
 * apps/daemon/check.c - checks of --check-config beyond single files: sockets against their
 * folders, keys and credential against the network's record of this node.
 */
#include "apps/daemon/node.h"
#include "net/keys/store_binding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ------------------------------------------------------------ sockets and ports */

/* Made at the start, in a folder that must be there. */
static enum assay_status check_socket(struct daemon_node *node, const char *key, const char *socket)
{
    char folder[PATH_MAX];
    struct stat info;
    const char *const slash = strrchr(socket, '/');
    if (socket[0] == '\0') return ASSAY_OK;
    (void)snprintf(folder, sizeof folder, "%.*s",
                   slash == NULL     ? 1
                   : slash == socket ? 1
                                     : (int)(slash - socket),
                   slash == NULL ? "." : socket);
    const bool is_there = stat(folder, &info) == 0;
    if (is_there && S_ISDIR(info.st_mode)) return ASSAY_OK;
    (void)snprintf(node->message, sizeof node->message, "%.300s: %s, expected a directory", folder,
                   is_there ? "is a file" : strerror(errno));
    daemon_place(node, key);
    return ASSAY_E_IO;
}

static bool is_any(const char *host, size_t len)
{
    return (len == 7 && strncmp(host, "0.0.0.0", 7) == 0) ||
           (len == 4 && strncmp(host, "[::]", 4) == 0) || (len == 1 && host[0] == '*');
}

/* Would two sockets of these addresses be in each other's way? */
static bool is_same_socket(const char *a, size_t a_len, const char *b)
{
    static const char scheme[] = "tcp://";
    while (a_len > 0 && a[0] == ' ')
        a++, a_len--;
    if (a_len > 6 && strncmp(a, scheme, 6) == 0) a += 6, a_len -= 6;
    const char *const b_colon = strrchr(b, ':');
    size_t host = a_len;
    while (host > 0 && a[host - 1] != ':')
        host--;
    if (b_colon == NULL || host == 0) return false;
    const size_t b_host = (size_t)(b_colon - b);
    if (strlen(b_colon + 1) != a_len - host || strncmp(b_colon + 1, a + host, a_len - host) != 0)
        return false;
    host--;
    return is_any(a, host) || is_any(b, b_host) ||
           (host == b_host && strncmp(a, b, host) == 0);
}

static enum assay_status check_ports(struct daemon_node *node)
{
    const char *const http = node->config->http.address;
    for (const char *at = node->config->gossip; http[0] != '\0' && *at != '\0';) {
        const size_t len = strcspn(at, ",");
        if (is_same_socket(at, len, http)) {
            (void)snprintf(node->message, sizeof node->message,
                           "%.100s is the port of listen.gossip (%.200s) as well: expected one of "
                           "its own",
                           http, node->config->gossip);
            daemon_place(node, "listen.http");
            return ASSAY_E_INVALID;
        }
        at += len + (at[len] == ',');
    }
    return ASSAY_OK;
}

/* ------------------------------------------------------------ keys and credential */

/* What the network knows of this node: the newest state, else the genesis. */
struct known {
    const uint8_t *identity, *bootstrap, *voting, *transport, *vendor_root, *platform;
    uint32_t incarnation;
};

static bool find_known(const struct daemon_node *node, struct known *known)
{
    const struct assay_state *const state = node->in_force.effective.state;
    const struct assay_genesis *const g = node->genesis;
    for (uint32_t i = 0; state != NULL && i < state->member_count; i++) {
        const struct assay_member *const m = &state->members[i];
        if (!assay_bytes_equal(m->node_id, node->node_id, 32) || m->life_count == 0) continue;
        *known = (struct known){
            m->identity_public,           m->bootstrap_public, m->lives[0].voting_public,
            m->lives[0].transport_public, m->vendor_root,      m->platform_id,
            m->lives[0].incarnation
        };
        return true;
    }
    for (uint32_t i = 0; state == NULL && i < g->member_count; i++) {
        const struct assay_genesis_member *const m = &g->members[i];
        if (!assay_bytes_equal(m->node_id, node->node_id, 32)) continue;
        *known = (struct known){ m->identity_public,
                                 m->bootstrap_public,
                                 m->voting_public,
                                 m->transport_public,
                                 m->vendor_root,
                                 m->platform_id,
                                 1 };
        return true;
    }
    return false;
}

static enum assay_status wrong_key(struct daemon_node *node, const char *file, const char *which)
{
    (void)snprintf(node->message, sizeof node->message,
                   "%.200s/%s: the %s key is not the one that this node has in the network: a "
                   "file of another node, or a folder put together of two; restore the entire "
                   "folder from this node's back-up",
                   node->config->keys_dir, file, which);
    return ASSAY_E_INVALID;
}

/* The network is behind keys that wait to be listed, and a state of before is behind both. */
static enum assay_status check_keys(struct daemon_node *node, const struct known *known)
{
    struct assay_keyring ring;
    enum assay_status status = daemon_load_keys(node, &ring);
    if (status != ASSAY_OK) return status;
    const struct assay_key_set *const own = &ring.current;
    const bool listed = own->incarnation == known->incarnation;
    if (!assay_bytes_equal(ring.bootstrap_public, known->bootstrap, 32))
        status = wrong_key(node, "bootstrap.key", "bootstrap");
    else if (listed &&
             !assay_bytes_equal(own->voting_public, known->voting, ASSAY_P256_PUBLIC_LEN))
        status = wrong_key(node, "incarnation.key", "voting");
    else if (listed && !assay_bytes_equal(own->transport_public, known->transport, 32))
        status = wrong_key(node, "incarnation.key", "transport");
    assay_keyring_wipe(&ring);
    return status;
}

/* The platform that SOFT evidence will name (quote/intel/dcap.c): known before the first quote. */
static enum assay_status check_credential(struct daemon_node *node, const struct known *known)
{
    uint8_t platform[32];
    char found[65], expected[65];
    if (!node->credential_loaded) return ASSAY_OK;
    const struct assay_slice pieces[] = {
        assay_slice_over(known->vendor_root, 32),
        assay_slice_over(node->credential->ppid, sizeof node->credential->ppid)
    };
    assay_sha256_pieces(pieces, 2, platform);
    if (assay_bytes_equal(platform, known->platform, 32)) return ASSAY_OK;
    assay_hex_encode(platform, 32, found, sizeof found);
    assay_hex_encode(known->platform, 32, expected, sizeof expected);
    (void)snprintf(node->message, sizeof node->message,
                   "%.200s: the credential of platform %.64s (\"%.32s\"), expected that of "
                   "platform %.64s, which this node has in the network: its evidence would "
                   "fail hard",
                   node->config->evidence.credential, found, node->credential->name, expected);
    daemon_place(node, "evidence.credential");
    return ASSAY_E_INVALID;
}

void daemon_check_library(void)
{
    if (!assay_ed25519_is_available())
        daemon_warn("the cryptographic library has no Ed25519: blocks and lists of other members "
                    "with workload keys of that kind are refused, so this node may fall behind "
                    "the network. Install an OpenSSL that has it (openssl list "
                    "-public-key-algorithms)");
}

enum assay_status daemon_check_start(struct daemon_node *node)
{
    const struct assay_config *const c = node->config;
    struct known known;
    ASSAY_TRY(check_socket(node, "listen.admin", c->admin));
    ASSAY_TRY(check_socket(node, "listen.http", c->http.socket_path));
    ASSAY_TRY(check_socket(node, "enclave.service", c->enclave_service));
    ASSAY_TRY(check_ports(node));
    if (c->peer_count == 0 && node->genesis->member_count > 1)
        daemon_warn("peers is empty: this node is connected only when others dial it, or "
                    "by addresses that it has stored");
    if (!find_known(node, &known)) return ASSAY_OK;
    ASSAY_TRY(check_keys(node, &known));
    return check_credential(node, &known);
}

/* ------------------------------------------------------------ keys and store */

enum assay_status daemon_check_store_binding(struct daemon_node *node)
{
    static const char *const texts[] = {
        [ASSAY_STORE_BINDING_NONE] = "is not in",
        [ASSAY_STORE_BINDING_OTHER] = "is another one than that in",
        [ASSAY_STORE_BINDING_BEHIND] = "is newer than that in",
    };
    enum assay_store_binding_fit fit = ASSAY_STORE_BINDING_FITS;
    char text[ASSAY_CONFIG_MESSAGE_MAX];
    const enum assay_status status =
        assay_keyring_binding_check(node->config->keys_dir, node->store, &fit);
    if (status != ASSAY_OK) {
        char message[ASSAY_FILE_MESSAGE_LEN], path[PATH_MAX + 16];
        (void)snprintf(path, sizeof path, "%s/store.id", node->config->keys_dir);
        if (status == ASSAY_E_IO && assay_file_secret_fault(path, message))
            (void)snprintf(node->message, sizeof node->message, "%s", message);
        else
            (void)snprintf(node->message, sizeof node->message,
                           "%.300s or the store: damaged, or written by a newer version", path);
        return status;
    }
    if (fit == ASSAY_STORE_BINDING_FITS) return ASSAY_OK;
    (void)snprintf(text, sizeof text,
                   "the store that the keys in %.150s remember %s %.150s: a start makes new keys, "
                   "and this node does not vote until they are listed. Is node.state_dir right?",
                   node->config->keys_dir, texts[fit], node->config->state_dir);
    daemon_warn(text);
    return ASSAY_OK;
}
