/*
 * apps/daemon/store.c - state folder: check that its chain is the node's network, and the rules in
 * force in it.
 */
#include "apps/daemon/node.h"
#include "base/system_clock.h"
#include "net/keys/store_binding.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum assay_status open_store(struct daemon_node *node)
{
    char path[PATH_MAX + 16], message[ASSAY_STORE_MESSAGE_LEN] = "";
    if (mkdir(node->config->state_dir, 0700) != 0 && errno != EEXIST)
        return daemon_say(node, node->config->state_dir, ASSAY_E_IO);
    (void)snprintf(path, sizeof path, "%s/store.sqlite", node->config->state_dir);
    const enum assay_status status =
        assay_store_sqlite_open(path, &node->store, message, sizeof message);
    if (status != ASSAY_OK) (void)snprintf(node->message, sizeof node->message, "%s", message);
    return status;
}

/* Two networks in one folder would be two chains in one store: what was signed in the one counts in
 * the other. A check only looks. */
static enum assay_status check_chain(struct daemon_node *node, bool only_look)
{
    uint8_t found[32];
    char kept[65], given[65];
    const uint8_t *chain_id = node->genesis->chain_id;
    enum assay_status status = assay_keyring_binding_chain(node->store, found);
    if (status == ASSAY_E_NOT_FOUND) {
        if (only_look) return ASSAY_OK;
        status = assay_keyring_binding_save_chain(node->store, chain_id);
        if (status == ASSAY_OK) status = assay_store_commit(node->store);
        return daemon_say(node, node->config->state_dir, status);
    }
    if (status != ASSAY_OK) return daemon_say(node, node->config->state_dir, status);
    if (assay_bytes_equal(found, chain_id, 32)) return ASSAY_OK;
    assay_hex_encode(found, 32, kept, sizeof kept);
    assay_hex_encode(chain_id, 32, given, sizeof given);
    (void)snprintf(node->message, sizeof node->message,
                   "%.120s holds chain %s, but %.120s is of chain %s: give that network's genesis, "
                   "or a node.state_dir of its own",
                   node->config->state_dir, kept, node->config->genesis, given);
    node->unfit = true;
    return ASSAY_E_CHAIN;
}

size_t daemon_list_policies(const struct daemon_node *node,
                            const struct assay_policy *policies[static DAEMON_POLICIES])
{
    const struct assay_rules *const rules = node->in_force.rules;
    size_t count = 0;
    policies[count++] = rules != NULL ? rules->sets[0].policy : node->founding_policy;
    if (rules != NULL && rules->has_before) policies[count++] = rules->before.policy;
    return count;
}

/* Without a state only the policy of the genesis is known. It is in force where a chain begins, but
 * operators may have changed it before a node joins, or since a member lost its store: also at
 * every start after that until it has a state. */
static bool is_policy_unknown(const struct daemon_node *node)
{
    if (node->in_force.rules != NULL && node->in_force.effective.state != NULL) return false;
    if (!daemon_is_in(node->genesis, node->node_id)) return true;
    return !assay_keyring_binding_is_first(node->config->keys_dir);
}

/* Whatever the genesis names, no other image takes the place of the installed ones. */
static enum assay_status check_images_alone(struct daemon_node *node,
                                            const struct assay_policy *const *policies,
                                            size_t count, int64_t now_unix_s)
{
    char text[ASSAY_CONFIG_MESSAGE_MAX + 160];
    for (int restored = 1; restored >= 0; restored--) {
        const enum assay_status status =
            daemon_check_image(node, restored == 1, policies, count, now_unix_s);
        if (status == ASSAY_OK) continue;
        if (status != ASSAY_E_INVALID) return status;
        (void)snprintf(text, sizeof text,
                       "%s. Compared with the policy of the genesis: which one is in force is not "
                       "known before this node has caught up",
                       node->message);
        daemon_warn(text);
    }
    return ASSAY_OK;
}

/* A tampered pristine copy cannot repair anything: rejected. A tampered enclave.path is repaired by
 * RESTART: reported at a start, rejected by a check. */
static enum assay_status check_images(struct daemon_node *node, bool is_check)
{
    const struct assay_policy *policies[DAEMON_POLICIES];
    const size_t count = daemon_list_policies(node, policies);
    const int64_t now_unix_s = assay_unix_s();
    /* As if there were none, a damaged copy would let an upgrade of the package stop the node. */
    node->unfit = true;
    ASSAY_TRY(daemon_check_pins(node));
    if (is_policy_unknown(node)) {
        const enum assay_status alone = check_images_alone(node, policies, count, now_unix_s);
        if (alone == ASSAY_OK && !is_check) daemon_pin_image(node); /* for a later start */
        node->unfit = alone != ASSAY_OK;
        return alone;
    }
    enum assay_status status = daemon_check_image(node, true, policies, count, now_unix_s);
    if (status == ASSAY_OK && !is_check) daemon_pin_image(node);
    if (status == ASSAY_E_INVALID &&
        daemon_use_pinned(node, policies, count, now_unix_s, is_check) == ASSAY_OK)
        status = ASSAY_OK;
    node->unfit = status != ASSAY_OK;
    if (status != ASSAY_OK) return status;
    if (!is_check) daemon_drop_images(node, policies, count);
    status = daemon_check_image(node, false, policies, count, now_unix_s);
    if (status == ASSAY_OK || is_check) return status;
    daemon_warn(node->message);
    return ASSAY_OK;
}

/* State of the node in the store, and the errors that a start would find. */
static enum assay_status look_into_store(struct daemon_node *node, bool is_check)
{
    ASSAY_TRY(check_chain(node, is_check));
    ASSAY_TRY(daemon_open_effective_rules(node, is_check, &node->in_force));
    node->unfit = true; /* a change may have made the network one for production */
    ASSAY_TRY(daemon_check_insecure(node, node->in_force.rules->sets[0].policy));
    node->unfit = false;
    return check_images(node, is_check);
}

enum assay_status daemon_open_store(struct daemon_node *node)
{
    ASSAY_TRY(open_store(node));
    return look_into_store(node, false);
}

/* A start makes the state folder, and none above it. */
static enum assay_status check_parent(struct daemon_node *node)
{
    struct stat info;
    char above[PATH_MAX + 16], copy[PATH_MAX];
    const char *const dir = node->config->state_dir;
    if (stat(dir, &info) == 0) return ASSAY_OK;
    (void)snprintf(copy, sizeof copy, "%s", dir);
    (void)snprintf(above, sizeof above, "%s", dirname(copy));
    const bool there = stat(above, &info) == 0 && S_ISDIR(info.st_mode);
    if (there && access(above, W_OK) == 0) return ASSAY_OK;
    (void)snprintf(node->message, sizeof node->message, "%.300s cannot be made: %.150s %s", dir,
                   above, there ? "may not be written" : "is no folder: make it, or name another");
    daemon_place(node, "node.state_dir");
    return ASSAY_E_IO;
}

/* What a start would find in the state folder, with nothing written. A store in use cannot be read:
 * it may have another policy in force, so gaps of the genesis' policy are only reported. */
enum assay_status daemon_check_store(struct daemon_node *node)
{
    char path[PATH_MAX + 16];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/store.sqlite", node->config->state_dir);
    if (stat(node->config->state_dir, &info) == 0 && !S_ISDIR(info.st_mode)) {
        (void)snprintf(node->message, sizeof node->message,
                       "%.300s: is a file, expected a directory", node->config->state_dir);
        daemon_place(node, "node.state_dir");
        return ASSAY_E_IO;
    }
    if (access(path, F_OK) != 0) {
        ASSAY_TRY(check_parent(node));
        ASSAY_TRY(daemon_check_store_binding(node));
        return check_images(node, true);
    }
    const bool is_held = assay_store_sqlite_is_held(path); /* before this process has it open */
    const enum assay_status opened = open_store(node);
    if (opened == ASSAY_OK) {
        ASSAY_TRY(daemon_check_store_binding(node));
        return look_into_store(node, true);
    }
    if (!is_held) return opened;
    char text[ASSAY_CONFIG_MESSAGE_MAX + 128];
    (void)snprintf(text, sizeof text,
                   "%s; not looked into, so images are compared with the policy of the genesis "
                   "alone",
                   node->message);
    daemon_warn(text);
    const enum assay_status status = check_images(node, true);
    if (status != ASSAY_E_INVALID) return status;
    daemon_warn(node->message);
    return ASSAY_OK;
}
