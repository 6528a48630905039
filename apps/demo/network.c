/*
 * apps/demo/network.c - demo network from scratch: SOFT vendors and platforms (software TPMs:
 * tpm.c), keys, genesis, configurations.
 *
 * One operator and one platform id a peer, four vendor roots in turn: every cap is met and every
 * weight
 * stays 10000 (docs/protocol.md 6.2, 6.3). The keys and the genesis are made by the same commands
 * that an operator would type.
 */
#include "apps/demo/platforms.h"

#include "apps/assay/core/command.h"
#include "apps/config.h"
#include "apps/loopback.h"
#include "base/system_clock.h"
#include "net/keys/keyring.h"
#include "quote/source/soft/soft.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY_S = 86400, PROGRAM_LEN_MAX = 64 << 20 };

static bool report_status(const char *what, enum assay_status status)
{
    if (status != ASSAY_OK)
        (void)fprintf(stderr, "assay-demo: %s: %s (%s)\n", what, assay_status_text(status),
                      assay_status_symbol(status));
    return status == ASSAY_OK;
}

const char *demo_below(const struct demo *demo, const char *format, ...)
{
    static char buffers[8][PATH_MAX + 128];
    static unsigned turn;
    char *path = buffers[turn++ % 8];
    int len = snprintf(path, sizeof buffers[0], "%s/", demo->dir);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(path + len, sizeof buffers[0] - (size_t)len, format, args);
    va_end(args);
    return path;
}

static bool make_dir(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return true;
    (void)fprintf(stderr, "assay-demo: %s cannot be made: %s\n", path, strerror(errno));
    return false;
}

/* ------------------------------------------------------------ enclave builds */

static bool copy_program(const char *from, const char *to, uint8_t measurement[static 32])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(from, PROGRAM_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK) {
        assay_sha256(bytes, len, measurement);
        status = assay_file_replace(to, ASSAY_FILE_PROGRAM, assay_slice_over(bytes, len));
    }
    free(bytes);
    return report_status(from, status);
}

static bool make_enclaves(struct demo *demo)
{
    char good[PATH_MAX + 64], tampered[sizeof demo->cast + 32];
    (void)snprintf(good, sizeof good, "%s/assay-enclave", demo->bin);
    (void)snprintf(tampered, sizeof tampered, "%s/assay-enclave-tampered", demo->cast);
    return copy_program(good, demo_below(demo, "enclave.good"), demo->good_measurement) &&
           copy_program(tampered, demo_below(demo, "enclave.tampered"), demo->tampered_measurement);
}

/* ------------------------------------------------------------ vendors and platforms */

static bool make_vendor(struct demo *demo, unsigned root, struct assay_soft_ca *ca)
{
    char name[ASSAY_SOFT_NAME_MAX];
    const int64_t now_s = assay_unix_s();
    struct assay_soft_terms terms;
    struct assay_soft_bundle *bundle = malloc(sizeof *bundle);
    if (bundle == NULL) return report_status("vendor", ASSAY_E_MEMORY);
    (void)snprintf(name, sizeof name, "Soft vendor %u", root + 1);
    const char *dir = demo_below(demo, "vendor-%u", root + 1);
    enum assay_status status =
        assay_soft_ca_create(name, now_s - DAY_S, now_s + 3650 * (int64_t)DAY_S, ca);
    if (status == ASSAY_OK) status = assay_soft_ca_save(ca, dir);
    if (status == ASSAY_OK) {
        assay_soft_terms_default(ca, &terms);
        status = assay_soft_collateral(ca, &terms, bundle);
    }
    if (status == ASSAY_OK) status = assay_soft_bundle_save(bundle, dir);
    free(bundle);
    return report_status(dir, status);
}

/* The credential of the platform, and a quote made before the network exists: it identifies the
 * member's platform in genesis. */
static bool make_platform(struct demo *demo, const struct demo_peer *peer,
                          const struct assay_soft_ca *ca)
{
    struct assay_soft_node node;
    struct assay_soft_request request = { .isvsvn = 1 };
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    size_t len = 0;
    assay_bytes_copy(request.mrenclave, 32, demo->good_measurement, 32);
    enum assay_status status = assay_soft_node_create(ca, peer->name, NULL, &node);
    if (status != ASSAY_OK) return report_status(peer->name, status);
    status = assay_soft_node_save(&node, demo_below(demo, "%s/platform.key", peer->name));
    if (status == ASSAY_OK) status = assay_soft_quote(&node, &request, quote, sizeof quote, &len);
    if (status == ASSAY_OK)
        status = assay_file_replace(demo_below(demo, "%s/sample.quote", peer->name),
                                    ASSAY_FILE_PUBLIC, assay_slice_over(quote, len));
    assay_soft_node_deinit(&node);
    return report_status(peer->name, status);
}

bool demo_soft_platforms_make(struct demo *demo)
{
    struct assay_soft_ca *cas = calloc(DEMO_ROOTS, sizeof *cas);
    bool ok = cas != NULL;
    for (unsigned root = 0; ok && root < DEMO_ROOTS; root++)
        ok = make_vendor(demo, root, &cas[root]);
    for (uint32_t i = 0; ok && i < demo->prepared; i++)
        ok = make_platform(demo, &demo->peers[i], &cas[demo->peers[i].root]);

    FILE *out = ok ? fopen(demo_below(demo, "policy.yaml"), "we") : NULL;
    ok = out != NULL;
    if (ok) {
        char text[2 * ASSAY_P256_PUBLIC_LEN + 1];
        (void)fprintf(out, "policy_version: 1\nprofile: development\nroots:\n");
        for (unsigned root = 0; root < DEMO_ROOTS; root++) {
            assay_hex_encode(cas[root].root_public, ASSAY_P256_PUBLIC_LEN, text, sizeof text);
            (void)fprintf(out, "  - name: vendor-%u\n    key: \"%s\"\n    kinds: [soft]\n",
                          root + 1, text);
        }
        assay_hex_encode(demo->good_measurement, 32, text, sizeof text);
        (void)fprintf(out,
                      "references:\n  - field: mrenclave\n    state: allowed\n    value: \"%s\"\n",
                      text);
        ok = fclose(out) == 0;
    }
    for (unsigned root = 0; cas != NULL && root < DEMO_ROOTS; root++)
        assay_soft_ca_wipe(&cas[root]);
    free(cas);
    return ok || report_status("policy.yaml", ASSAY_E_IO);
}

/* ------------------------------------------------------------ keys and genesis */

int demo_ask_assay(const struct demo *demo, const char *const words[])
{
    enum { WORDS_MAX = 32 };
    char program[PATH_MAX + 16];
    char copies[WORDS_MAX][PATH_MAX];
    char *argv[WORDS_MAX + 2] = { program };
    (void)snprintf(program, sizeof program, "%s/assay", demo->bin);
    for (int i = 0; words[i] != NULL && i < WORDS_MAX; i++) {
        (void)snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[i + 1] = copies[i];
    }
    return demo_run(demo, demo_below(demo, "setup.log"), argv);
}

bool demo_run_assay(const struct demo *demo, const char *const words[])
{
    const int status = demo_ask_assay(demo, words);
    if (status != 0)
        (void)fprintf(stderr, "assay-demo: assay %s %s failed (%d), see %s\n", words[0], words[1],
                      status, demo_below(demo, "setup.log"));
    return status == 0;
}

bool demo_make_checkpoint(struct demo *demo)
{
    char genesis[PATH_MAX + 16], out[PATH_MAX + 16];
    (void)snprintf(genesis, sizeof genesis, "%s", demo_below(demo, "genesis"));
    (void)snprintf(out, sizeof out, "%s", demo_below(demo, "checkpoint"));
    const char *const words[] = { "checkpoint", "--genesis", genesis, "--out", out, NULL };
    return access(out, R_OK) == 0 || demo_run_assay(demo, words);
}

static bool run_assay(const struct demo *demo, const char *a, const char *b, const char *c,
                      const char *d, const char *e)
{
    const char *const words[] = { a, b, c, d, e, NULL };
    return demo_run_assay(demo, words);
}

static bool make_keys(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->prepared; i++) {
        struct demo_peer *peer = &demo->peers[i];
        char message[ASSAY_CONFIG_MESSAGE_MAX];
        struct assay_node_card card;
        const char *dir = demo_below(demo, "%s/keys", peer->name);
        if (!run_assay(demo, "keys", "generate", dir, "--name", peer->name)) return false;
        if (!report_status(message,
                           assay_node_card_load(demo_below(demo, "%s/keys/node.yaml", peer->name),
                                                &card, message)))
            return false;
        assay_bytes_copy(peer->node_id, 32, card.node_id, 32);
    }
    return true;
}

static bool write_plan(struct demo *demo)
{
    FILE *out = fopen(demo_below(demo, "plan.yaml"), "we");
    if (out == NULL) return report_status("plan.yaml", ASSAY_E_IO);
    (void)fprintf(out, "plan_version: 1\nepoch_ms: %u\nthreshold: %u\npolicy: policy.yaml\n",
                  (unsigned)demo->options.epoch_ms, (unsigned)(demo->operators / 2 + 1));
    (void)fprintf(out, "collateral: [vendor-1, vendor-2, vendor-3, vendor-4]\noperators:\n");
    bool ok = true;
    for (uint32_t i = 0; ok && i < demo->operators; i++) {
        uint8_t key[ASSAY_P256_PUBLIC_LEN];
        char text[2 * ASSAY_P256_PUBLIC_LEN + 1];
        const char *path = demo_below(demo, "operator-%u.key", (unsigned)i + 1);
        ok = report_status(path, assay_keyring_operator_create(path, key));
        assay_hex_encode(key, sizeof key, text, sizeof text);
        (void)fprintf(out, "  - name: operator-%u\n    public_key: \"%s\"\n", (unsigned)i + 1,
                      text);
    }
    (void)fprintf(out, "members:\n");
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        (void)fprintf(out,
                      "  - operator: operator-%u\n    card: %s/keys/node.yaml\n"
                      "    sample: %s/sample.quote\n",
                      (unsigned)demo->peers[i].operator_ + 1, demo->peers[i].name,
                      demo->peers[i].name);
    if (ok && demo->options.story->plan != NULL) ok = demo->options.story->plan(demo, out);
    return fclose(out) == 0 && ok;
}

static bool make_genesis(struct demo *demo)
{
    char genesis[PATH_MAX + 16]; /* below() has a few buffers only */
    (void)snprintf(genesis, sizeof genesis, "%s/genesis", demo->dir);
    if (!write_plan(demo)) return false;
    if (!run_assay(demo, "genesis", "create", demo_below(demo, "plan.yaml"), "--out", genesis))
        return false;
    for (uint32_t i = 0; i < demo->operators / 2 + 1; i++)
        if (!run_assay(demo, "genesis", "sign", genesis, "--key",
                       demo_below(demo, "operator-%u.key", (unsigned)i + 1)))
            return false;
    return true;
}

/* ------------------------------------------------------------ configurations */

unsigned demo_free_port(void)
{
    unsigned port = 0;
    const int fd = demo_loopback_bind(&port);
    if (fd < 0) return 0;
    (void)close(fd);
    return port;
}

static bool write_config(struct demo *demo, const struct demo_peer *peer)
{
    char evidence[PATH_MAX + 128] = "evidence:\n  kind: soft\n  credential: platform.key\n";
    char http[48] = "";
    FILE *out = fopen(demo_below(demo, "%s/assayd.yaml", peer->name), "we");
    if (out == NULL) return report_status(peer->name, ASSAY_E_IO);
    if (demo->options.tpm)
        (void)snprintf(evidence, sizeof evidence,
                       "evidence:\n  kind: tpm\n  credential: tpm\n  tcti: \"%s\"\n",
                       peer->tpm.tcti);
    if (peer->http_port != 0)
        (void)snprintf(http, sizeof http, "  http: 127.0.0.1:%u\n", peer->http_port);
    if (demo->options.story->serves) (void)fputs("http: { local_role: service }\n", out);
    (void)fprintf(out,
                  "config_version: 1\n"
                  "node:\n  state_dir: state\n  keys_dir: keys\n  genesis: ../genesis\n"
                  "listen:\n  gossip: 127.0.0.1:%u\n  admin: admin.sock\n%s"
                  "%s"
                  "enclave:\n  path: enclave\n  restore_path: ../enclave.good\n"
                  "  service: service.sock\n"
                  "limits:\n  verify_threads: 1\npeers:\n",
                  peer->port, http, evidence);
    for (uint32_t i = 0; i < demo->prepared; i++) {
        char id[65];
        if (i == peer->index) continue;
        assay_hex_encode(demo->peers[i].node_id, 32, id, sizeof id);
        (void)fprintf(out, "  - node: \"%s\"\n    address: 127.0.0.1:%u\n", id,
                      demo->peers[i].port);
    }
    return fclose(out) == 0;
}

static bool make_configs(struct demo *demo)
{
    uint8_t same[32];
    for (uint32_t i = 0; i < demo->prepared; i++) {
        demo->peers[i].port = demo_free_port();
        if (demo->peers[i].port == 0) return report_status("loopback port", ASSAY_E_IO);
        if (i != demo->witness && !demo->options.story->serves) continue;
        demo->peers[i].http_port = demo_free_port();
        if (demo->peers[i].http_port == 0) return report_status("loopback port", ASSAY_E_IO);
    }
    for (uint32_t i = 0; i < demo->prepared; i++) {
        const struct demo_peer *peer = &demo->peers[i];
        if (!make_dir(demo_below(demo, "%s/state", peer->name)) || !write_config(demo, peer) ||
            !copy_program(demo_below(demo, "enclave.good"),
                          demo_below(demo, "%s/enclave", peer->name), same))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------ all of it */

/* A UNIX socket path has room for 107 bytes, so the working folder must be a short one. */
static bool make_folder(struct demo *demo)
{
    const char *temporary = getenv("TMPDIR");
    if (demo->options.dir != NULL) {
        if (!make_dir(demo->options.dir)) return false;
        if (realpath(demo->options.dir, demo->dir) == NULL) return false;
    } else {
        if (temporary == NULL || strlen(temporary) > 60) temporary = "/tmp";
        (void)snprintf(demo->dir, sizeof demo->dir, "%s/assay-demo-XXXXXX", temporary);
        if (mkdtemp(demo->dir) == NULL) return report_status(demo->dir, ASSAY_E_IO);
    }
    if (strlen(demo->dir) <= 80) return true;
    (void)fprintf(stderr, "assay-demo: %s: the folder's path is too long for a UNIX socket\n",
                  demo->dir);
    return false;
}

static bool make_peers(struct demo *demo)
{
    const struct demo_story *story = demo->options.story;
    demo->prepared = demo->options.peer_count + story->spares;
    demo->operators = demo->options.peer_count;
    demo->witness = demo->options.peer_count - 1;
    for (uint32_t i = 0; i < demo->prepared; i++) {
        struct demo_peer *peer = &demo->peers[i];
        const bool byzantine = story->is_byzantine != NULL && story->is_byzantine(i);
        peer->index = peer->operator_ = i;
        peer->root = i % DEMO_ROOTS;
        (void)snprintf(peer->name, sizeof peer->name, "peer-%u", (unsigned)i + 1);
        (void)snprintf(peer->dir, sizeof peer->dir, "%s", demo_below(demo, "%s", peer->name));
        (void)snprintf(peer->admin, sizeof peer->admin, "%s",
                       demo_below(demo, "%s/admin.sock", peer->name));
        (void)snprintf(peer->log, sizeof peer->log, "%s", demo_below(demo, "%s/log", peer->name));
        (void)snprintf(peer->program, sizeof peer->program, "%s/%s",
                       byzantine ? demo->cast : demo->bin,
                       byzantine ? "assayd-byzantine" : "assayd");
        if (!make_dir(peer->dir)) return false;
    }
    if (story->cast != NULL) story->cast(demo);
    return true;
}

bool demo_network_make(struct demo *demo)
{
    if (!make_folder(demo) || !make_peers(demo) || !make_enclaves(demo)) return false;
    if (!(demo->options.tpm ? demo_tpm_platforms_make(demo) : demo_soft_platforms_make(demo)))
        return false;
    return make_keys(demo) && make_genesis(demo) && make_configs(demo);
}
