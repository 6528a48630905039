/*
 * tests/unit/services/identity/test_signer_node.c - tests of processes of holders of the group key,
 * each with a vault on disk and the socket of its daemon; the test is the ledger, with boundaries
 * that its voters sign (docs/identity.md 3.11, 3.20). A holder that is killed is killed.
 */
#include "net/services/identity/signer_node.h"

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/file/file.h"
#include "base/merkle.h"
#include "engine/ledger/state/workload_keys.h"
#include "tests/support/sanitized.h"
#include "tests/support/services/identity_plan.h"
#include "tests/support/services/service_ledger.h"
#include "tests/unit/services/identity/boundary_maker.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HOLDERS = 4, EPOCHS_MAX = 40, SOON_MS = 60000, QUIET_MS = 100, WEIGHT = 10 };

static const struct assay_secret32 vault_key = { { 7, 7, 7 } };

static struct {
    char folder[64];
    struct service_ledger *ledger;
    struct boundary_maker *maker, *forger;
    pid_t holder[HOLDERS];
    uint8_t list[HOLDERS][ASSAY_DECLARED_KEYS_LEN_MAX];
    size_t list_len[HOLDERS];
    uint8_t root[HOLDERS][32];
    struct assay_checkpoint checkpoint;
    bool has_read[HOLDERS];  /* was sent a list of keys */
    bool has_asked[HOLDERS]; /* for a boundary, since that was cleared */
    uint32_t deceived;       /* slot whose daemon shows boundaries of the forger; HOLDERS: none */
} w;

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t clock_of_test(void)
{
    return MAKER_TIME_MS;
}

static const char *in_folder(const char *what, uint32_t slot)
{
    static char paths[8][128];
    static unsigned at;
    char *path = paths[at++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s-%u", w.folder, what, slot);
    return path;
}

static struct assay_keyholder_node_config config_of(uint32_t slot)
{
    static char store[128], daemon[128];
    (void)snprintf(store, sizeof store, "%s", in_folder("vault", slot));
    (void)snprintf(daemon, sizeof daemon, "%s", in_folder("daemon", slot));
    return (struct assay_keyholder_node_config){ .ledger = daemon,
                                                 .store = store,
                                                 .key = &vault_key,
                                                 .address = "127.0.0.1:7",
                                                 .checkpoint = w.checkpoint,
                                                 .again_ms = 300,
                                                 .unix_ms = clock_of_test };
}

static struct assay_keyholder_node *open_holder(uint32_t slot)
{
    const struct assay_keyholder_node_config config = config_of(slot);
    struct assay_keyholder_node *node = NULL;
    char message[ASSAY_KEYHOLDER_NODE_MESSAGE_LEN];
    const enum assay_status status = assay_keyholder_node_open(&config, &node, message);
    if (status != ASSAY_OK) (void)fprintf(stderr, "holder %u: %s\n", slot, message);
    return node;
}

static void start(uint32_t slot)
{
    (void)fflush(NULL);
    w.holder[slot] = fork();
    cr_assert_geq(w.holder[slot], 0);
    if (w.holder[slot] > 0) return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct assay_keyholder_node *node = open_holder(slot);
    enum assay_status status = node == NULL ? ASSAY_E_IO : ASSAY_OK;
    while (status == ASSAY_OK)
        status = assay_keyholder_node_step(node, 1000);
    (void)fprintf(stderr, "holder %u: %s\n", slot, assay_status_text(status));
    assay_keyholder_node_close(&node);
    _exit(5);
}

static bool have_all_asked(void)
{
    bool have = true;
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        have = have && w.has_asked[slot];
    return have;
}

/* They follow the ledger before the ceremony begins: one that connects in an epoch with records
 * acts from the next close on. */
static void start_all(void)
{
    const uint64_t soon = now_ms() + SOON_MS;
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        start(slot);
    while (!have_all_asked() && now_ms() < soon)
        service_ledger_turn(w.ledger, 5);
    cr_assert(have_all_asked(), "every holder requests boundaries");
}

static void stop(uint32_t slot)
{
    if (w.holder[slot] <= 0) return;
    (void)kill(w.holder[slot], SIGKILL);
    (void)waitpid(w.holder[slot], NULL, 0);
    w.holder[slot] = 0;
}

/* The list of a member's keys: that of its holder. */
static void make_list(uint32_t slot)
{
    struct assay_keyholder_node *node = open_holder(slot);
    uint8_t spki[44], proof[64] = { 0 };
    struct assay_declared_keys keys;
    cr_assert_not_null(node);
    const struct assay_declared_key own = {
        .purpose = ASSAY_PURPOSE_HOLDER,
        .name = assay_slice_over("signer", 6),
        .spki = assay_slice_over(spki, assay_keyholder_node_key(node, spki)),
        .proof = assay_slice_over(proof, sizeof proof),
    };
    struct assay_writer out = assay_writer_over(w.list[slot], sizeof w.list[slot]);
    cr_assert_eq(assay_declared_keys_encode(&own, 1, &out), ASSAY_OK);
    w.list_len[slot] = out.len;
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(w.list[slot], out.len), &keys),
                 ASSAY_OK);
    assay_declared_keys_root(&keys, w.root[slot]);
    assay_keyholder_node_close(&node);
}

enum { CHANGED = 1 }; /* the slot whose list of keys changes in one test */
/* A second list of it, next to those of the world. */
static uint8_t other_list[ASSAY_DECLARED_KEYS_LEN_MAX], other_root[32];
static size_t other_len;

static void answer(void *context, uint32_t slot, const struct assay_service_message *m,
                   struct assay_service_message *out)
{
    (void)context;
    if (slot < HOLDERS) w.has_asked[slot] = true;
    if (m->verb == ASSAY_SERVICE_PROVE)
        boundary_maker_answer(slot == w.deceived ? w.forger : w.maker, m, out);
    else if (other_len > 0 && assay_bytes_equal(m->root, other_root, 32))
        out->keys = assay_slice_over(other_list, other_len);
    else if (m->slot < HOLDERS && assay_bytes_equal(m->root, w.root[m->slot], 32))
        out->keys = assay_slice_over(w.list[m->slot], w.list_len[m->slot]);
    if (slot < HOLDERS && m->verb == ASSAY_SERVICE_LIST) w.has_read[slot] = true;
}

static const struct assay_ca *group_key(void)
{
    return assay_registry_identity(service_ledger_registry(w.ledger));
}

/* Whether every holder has done what is due in this phase: no test depends on how fast they are. */
static bool is_complete(void)
{
    const struct assay_ca_ceremony *c = &group_key()->ceremony;
    const uint32_t holders = HOLDERS - (w.deceived < HOLDERS ? 1 : 0);
    bool is_said = true;
    switch (c->phase) {
    case ASSAY_CA_OFFERS: return c->next.holders == holders;
    case ASSAY_CA_DEALS:
        for (uint32_t d = 1; d <= c->dealers; d++)
            if (assay_ca_is_turn(group_key(), d) &&
                c->dealing[d - 1].state == ASSAY_CA_DEALING_NONE)
                return false;
        return true;
    case ASSAY_CA_HAVES:
        for (uint32_t i = 0; i < c->next.holders; i++)
            is_said = is_said && !assay_bytes_all_zero(c->next.holder[i].digest, 32);
        return is_said && (c->closes == 0 || c->has_table);
    case ASSAY_CA_IDLE:
    case ASSAY_CA_DISPUTES: break;
    }
    return true;
}

/* A close of the ledger, whose boundary both makers sign. */
static void close_and_sign(void)
{
    service_ledger_close_epoch(w.ledger);
    boundary_maker_close(w.maker, service_ledger_registry(w.ledger), true, MAKER_VOTERS);
    boundary_maker_close(w.forger, service_ledger_registry(w.ledger), true, MAKER_VOTERS);
}

static void run_epoch(void)
{
    const uint64_t until = now_ms() + SOON_MS, quiet = now_ms() + QUIET_MS;
    while (now_ms() < until && (!is_complete() || now_ms() < quiet))
        service_ledger_turn(w.ledger, 10);
    cr_assert(is_complete(), "phase %d", (int)group_key()->ceremony.phase);
    close_and_sign();
}

static void set_members(bool may_hold, bool has_changed)
{
    for (uint32_t slot = 0; slot < ASSAY_REGISTRY_SLOTS_MAX; slot++) {
        struct assay_registry_member member = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                                .score_bp = 10000,
                                                .certified = true,
                                                .operator_ = (uint8_t)slot };
        service_ledger_node(slot, member.node_id);
        if (slot < HOLDERS) {
            member.may_hold = may_hold;
            member.keys_active = true;
            member.seat_weight = WEIGHT;
            member.incarnation = 1;
            assay_bytes_copy(member.keys_root, 32,
                             has_changed && slot == CHANGED ? other_root : w.root[slot], 32);
        }
        service_ledger_set(w.ledger, slot, &member);
    }
}

static void open_world(void)
{
    static struct assay_registry_plan plan;
    identity_plan_set(&plan, 64);
    w.deceived = HOLDERS;
    (void)snprintf(w.folder, sizeof w.folder, "/tmp/assay-signers.XXXXXX");
    cr_assert_not_null(mkdtemp(w.folder));
    w.ledger = service_ledger_of(in_folder("ledger", 0), &plan);
    w.maker = boundary_maker_new(service_ledger_chain(w.ledger), 1);
    w.forger = boundary_maker_new(service_ledger_chain(w.ledger), 2);
    boundary_maker_checkpoint(w.maker, &w.checkpoint);
    service_ledger_prove(w.ledger, answer, NULL);
    /* The ledger closed its first epoch when it was opened. */
    boundary_maker_close(w.maker, service_ledger_registry(w.ledger), true, MAKER_VOTERS);
    boundary_maker_close(w.forger, service_ledger_registry(w.ledger), true, MAKER_VOTERS);
    for (uint32_t slot = 0; slot < HOLDERS; slot++) {
        service_ledger_member(w.ledger, in_folder("daemon", slot), slot);
        make_list(slot);
    }
    set_members(true, false);
}

static void close_world(void)
{
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        stop(slot);
    service_ledger_close(&w.ledger);
    boundary_maker_free(w.maker);
    boundary_maker_free(w.forger);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", w.folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(services_signer_node, .init = open_world, .fini = close_world, .timeout = 300);

/* Out: shares of a stopped holder, by index. Returns: their number */
struct stored {
    uint32_t count;
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
    uint8_t index[ASSAY_FROST_INDICES_MAX];
};

static enum assay_status read_shares(void *context, const struct assay_ceremony_item *item,
                                     struct assay_slice bytes)
{
    struct stored *s = context;
    if (item->kind != ASSAY_CEREMONY_SHARES) return ASSAY_OK;
    /* digest of the table, count, then index and share each */
    for (uint32_t i = 0; i < bytes.bytes[32]; i++) {
        const uint8_t *at = bytes.bytes + 33 + (size_t)i * 33;
        s->index[s->count] = at[0];
        assay_bytes_copy(s->share[s->count++].bytes, 32, at + 1, 32);
    }
    return ASSAY_OK;
}

/* The shares that holders have stored are those of the ledger's key. */
static void shares_must_be_of_the_key(void)
{
    for (uint32_t slot = 0; slot < HOLDERS; slot++) {
        const struct assay_holder_vault_config config = { .folder = in_folder("vault", slot),
                                                          .key = &vault_key };
        struct assay_holder_vault *vault = NULL;
        char message[ASSAY_HOLDER_VAULT_MESSAGE_LEN];
        struct stored stored = { .count = 0 };
        stop(slot);
        cr_assert_eq(assay_holder_vault_open(&config, &vault, message), ASSAY_OK, "%s", message);
        cr_assert_eq(assay_holder_vault_each(vault, read_shares, &stored), ASSAY_OK);
        assay_holder_vault_close(&vault);
        if (slot == w.deceived) {
            cr_expect_eq(stored.count, 0);
            continue;
        }
        cr_expect_gt(stored.count, 0, "holder %u", slot);
        for (uint32_t i = 0; i < stored.count; i++) {
            uint8_t point[32];
            cr_assert_eq(assay_sodium_edwards_base(&stored.share[i], point), ASSAY_OK);
            cr_expect_arr_eq(point, group_key()->force.public_share[stored.index[i] - 1], 32);
        }
    }
}

static uint32_t holders_that_have(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < group_key()->force.holders; i++)
        count += group_key()->force.holder[i].has;
    return count;
}

/* Until a generation is in force, and a close more. Returns: epochs that it took */
static uint32_t make_key(void (*each)(uint32_t epoch))
{
    uint32_t epochs = 0;
    while (group_key()->force.generation == 0 && epochs < EPOCHS_MAX) {
        if (each != NULL) each(epochs);
        run_epoch();
        epochs++;
    }
    cr_assert_eq(group_key()->force.generation, 1, "no key in %u epochs", epochs);
    return epochs;
}

Test(services_signer_node, four_holders_make_a_key)
{
    start_all();
    const uint32_t epochs = make_key(NULL);
    cr_expect_leq(epochs, 10, "%u", epochs);
    cr_expect_eq(group_key()->force.holders, HOLDERS);
    cr_expect_eq(group_key()->convicted, 0);
    cr_expect_eq(holders_that_have(), HOLDERS);
    shares_must_be_of_the_key();
}

/* One holder after the other, at a drawn time of an epoch; what is submitted meanwhile is final
 * when it follows again. */
static void kill_one(uint32_t epoch)
{
    const uint32_t slot = epoch % HOLDERS;
    const uint64_t until = now_ms() + epoch * 37 % 11 * 20, soon = now_ms() + SOON_MS;
    service_ledger_hold(w.ledger, true);
    while (now_ms() < until)
        service_ledger_turn(w.ledger, 5);
    stop(slot);
    w.has_asked[slot] = false;
    start(slot);
    while (!w.has_asked[slot] && now_ms() < soon)
        service_ledger_turn(w.ledger, 5);
    service_ledger_hold(w.ledger, false);
}

Test(services_signer_node, holders_that_are_killed_in_each_epoch_make_the_same_key)
{
    start_all();
    (void)make_key(kill_one);
    cr_expect_eq(group_key()->convicted, 0);
    cr_expect_eq(group_key()->force.holders, HOLDERS);
    shares_must_be_of_the_key();
}

/* Out: the name of a dealing that a holder has stored. Returns: whether it has one. */
static bool has_dealing(uint32_t slot, char name[static 65])
{
    char path[192];
    bool has = false;
    (void)snprintf(path, sizeof path, "%s/dealings", in_folder("vault", slot));
    DIR *folder = opendir(path);
    for (struct dirent *e = folder == NULL ? NULL : readdir(folder); e != NULL && !has;
         e = readdir(folder)) {
        has = strlen(e->d_name) == 64;
        if (has) assay_bytes_copy((uint8_t *)name, 65, (const uint8_t *)e->d_name, 65);
    }
    if (folder != NULL) (void)closedir(folder);
    return has;
}

/* All processes end before any dealing is final: each dealer keeps its own, which others request
 * (docs/identity.md 3.11.2). */
Test(services_signer_node, each_dealer_keeps_its_dealing_when_all_lose_power)
{
    char own[HOLDERS][65];
    const struct assay_ca_ceremony *c = &group_key()->ceremony;
    start_all();
    while (c->phase != ASSAY_CA_DEALS)
        run_epoch();
    service_ledger_hold(w.ledger, true);
    const uint64_t soon = now_ms() + SOON_MS;
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        while (!service_ledger_holds(w.ledger, slot) && now_ms() < soon)
            service_ledger_turn(w.ledger, 5);
    for (uint32_t slot = 0; slot < HOLDERS; slot++) {
        cr_assert(service_ledger_holds(w.ledger, slot), "holder %u", slot);
        cr_assert(has_dealing(slot, own[slot]), "holder %u", slot);
        stop(slot);
        w.has_asked[slot] = false;
    }
    service_ledger_hold(w.ledger, false);
    start_all();
    close_and_sign();
    for (uint32_t slot = 0; slot < HOLDERS; slot++) {
        char path[192], name[65];
        bool is_final = false;
        (void)snprintf(path, sizeof path, "%s/dealings/%s", in_folder("vault", slot), own[slot]);
        cr_expect_eq(access(path, R_OK), 0, "holder %u", slot);
        for (uint32_t d = 0; d < c->dealers; d++) {
            assay_hex_encode(c->dealing[d].digest, 32, name, sizeof name);
            is_final = is_final || strcmp(name, own[slot]) == 0;
        }
        cr_expect(is_final, "holder %u", slot);
    }
}

/* A daemon that shows another ledger: its holder offers nothing, deals nothing, and the others are
 * enough. */
Test(services_signer_node, a_daemon_with_a_ledger_that_no_voters_signed_has_no_effect)
{
    w.deceived = 2;
    start_all();
    (void)make_key(NULL);
    cr_expect_eq(group_key()->force.holders, HOLDERS - 1);
    for (uint32_t i = 0; i < group_key()->force.holders; i++)
        cr_expect_neq(group_key()->force.holder[i].slot, w.deceived);
    shares_must_be_of_the_key();
}

/* Its host writes the checkpoint of a ledger with voters of its own, of a later epoch: the holder
 * would deal its shares to the host. */
Test(services_signer_node, a_checkpoint_that_another_program_wrote_ends_the_start)
{
    struct assay_slice header;
    struct assay_checkpoint forged;
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    char path[256];
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    start_all();
    run_epoch();
    run_epoch();
    stop(0);
    boundary_maker_close(w.forger, service_ledger_registry(w.ledger), true, MAKER_VOTERS);
    assay_checkpoint_of(boundary_maker_state(w.forger, &header), &forged);
    cr_assert_eq(assay_checkpoint_encode(&forged, &out), ASSAY_OK);
    (void)snprintf(path, sizeof path, "%s/checkpoint", in_folder("vault", 0));
    cr_expect_eq(access(path, F_OK), 0, "it has stored its own");
    cr_assert_eq(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, out.len)),
                 ASSAY_OK);
    struct assay_keyholder_node *node = open_holder(0);
    cr_expect_null(node);
    assay_keyholder_node_close(&node);
}

static void copy_file(const char *from, const char *to)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(assay_file_read(from, 4096, &bytes, &len), ASSAY_OK, "%s", from);
    cr_assert_eq(assay_file_replace(to, ASSAY_FILE_SECRET, assay_slice_over(bytes, len)), ASSAY_OK);
    free(bytes);
}

static void expect_start(bool starts, const char *why)
{
    struct assay_keyholder_node *node = open_holder(0);
    cr_expect_eq(node != NULL, starts, "%s", why);
    assay_keyholder_node_close(&node);
}

/* Keys of former voters are with their hosts, or stolen: with them an older checkpoint, of the
 * operators or of the holder itself, begins a ledger of theirs. The shares in force are not dealt
 * by it. */
Test(services_signer_node, shares_go_with_no_older_checkpoint_than_that_they_were_made_by)
{
    char path[256], older[256], newest[256];
    (void)snprintf(path, sizeof path, "%s/checkpoint", in_folder("vault", 0));
    (void)snprintf(older, sizeof older, "%s/older", w.folder);
    (void)snprintf(newest, sizeof newest, "%s/newest", w.folder);
    start_all();
    run_epoch();
    run_epoch();
    copy_file(path, older);
    (void)make_key(NULL);
    run_epoch();
    stop(0);
    copy_file(path, newest);
    expect_start(true, "nothing was changed");
    copy_file(older, path);
    expect_start(false, "an older one of the same vault");
    cr_assert_eq(remove(path), 0);
    expect_start(false, "none, next to shares");
    copy_file(newest, path);
    expect_start(true, "its own again");
}

/* command: two names of files go into it. */
static void run_shell(const char *command, const char *a, const char *b)
{
    char line[512];
    (void)snprintf(line, sizeof line, "%s %s %s", command, a, b);
    cr_assert_eq(system(line), 0, "%s", line);
}

/* The host starts the holder with an older copy of its folder, and puts the shares back before the
 * daemon, which is the host's, names the member. */
Test(services_signer_node, shares_that_return_after_the_start_go_with_no_older_checkpoint)
{
    char vault[128], older[128], newest[128], shares[160];
    enum assay_status status = ASSAY_OK;
    bool can_sign = false;
    (void)snprintf(vault, sizeof vault, "%s", in_folder("vault", 0));
    (void)snprintf(older, sizeof older, "%s/older-vault", w.folder);
    (void)snprintf(newest, sizeof newest, "%s/newest-vault", w.folder);
    (void)snprintf(shares, sizeof shares, "%s/shares-*", newest);
    start_all();
    run_epoch();
    run_shell("cp -a", vault, older); /* there is no key yet */
    (void)make_key(NULL);
    run_epoch();
    stop(0);
    run_shell("mv", vault, newest);
    run_shell("cp -a", older, vault);
    struct assay_keyholder_node *node = open_holder(0);
    cr_assert_not_null(node, "the older copy alone is accepted");
    run_shell("cp -a", shares, vault);
    for (const uint64_t soon = now_ms() + SOON_MS;
         status == ASSAY_OK && !can_sign && now_ms() < soon;) {
        service_ledger_turn(w.ledger, 5);
        status = assay_keyholder_node_step(node, 5);
        can_sign = assay_keyholder_node_status(node).holder.can_sign;
    }
    cr_expect_not(can_sign, "it has shares, and a ledger that begins before them");
    cr_expect_eq(status, ASSAY_E_SIGNATURE, "%s", assay_status_text(status));
    assay_keyholder_node_close(&node);
}

/* --- the list of keys changes at the close that begins the ceremony */

/* The holder's key as before, and one of another program. */
static void make_other_list(void)
{
    static const uint8_t ed25519[12] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                         0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    struct assay_declared_keys keys, was;
    uint8_t spki[44], proof[64] = { 0 };
    const struct assay_secret32 seed = { { 9, 9 } };
    assay_bytes_copy(spki, sizeof spki, ed25519, sizeof ed25519);
    assay_sodium_link_pair(&seed, spki + sizeof ed25519);
    cr_assert_eq(
        assay_declared_keys_decode(assay_slice_over(w.list[CHANGED], w.list_len[CHANGED]), &was),
        ASSAY_OK);
    struct assay_declared_key both[2] = { was.keys[0],
                                          { .purpose = was.keys[0].purpose,
                                            .name = assay_slice_over("web", 3),
                                            .spki = assay_slice_over(spki, sizeof spki),
                                            .proof = assay_slice_over(proof, sizeof proof) } };
    struct assay_writer out = assay_writer_over(other_list, sizeof other_list);
    if (assay_declared_keys_encode(both, 2, &out) != ASSAY_OK) { /* not in the list's order */
        const struct assay_declared_key first = both[0];
        both[0] = both[1];
        both[1] = first;
        out = assay_writer_over(other_list, sizeof other_list);
        cr_assert_eq(assay_declared_keys_encode(both, 2, &out), ASSAY_OK);
    }
    other_len = out.len;
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(other_list, other_len), &keys),
                 ASSAY_OK);
    assay_declared_keys_root(&keys, other_root);
}

Test(services_signer_node, an_offer_has_the_path_of_the_list_in_force)
{
    make_other_list();
    set_members(false, false);
    start_all();
    close_and_sign();
    for (const uint64_t end = now_ms() + 60000; now_ms() < end;) {
        bool have_all = true;
        for (uint32_t slot = 0; slot < HOLDERS; slot++)
            have_all = have_all && w.has_read[slot];
        if (have_all) break;
        service_ledger_turn(w.ledger, 5);
    }
    cr_assert_eq(group_key()->ceremony.phase, ASSAY_CA_IDLE);
    set_members(true, true);
    close_and_sign();
    cr_assert_eq(group_key()->ceremony.phase, ASSAY_CA_OFFERS);
    for (const uint64_t end = now_ms() + 60000;
         now_ms() < end && group_key()->ceremony.next.holders < HOLDERS;)
        service_ledger_turn(w.ledger, 5);
    cr_expect_eq(group_key()->ceremony.next.holders, HOLDERS, "%u of %u offers count",
                 group_key()->ceremony.next.holders, (unsigned)HOLDERS);
}
