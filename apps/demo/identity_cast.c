/*
 * apps/demo/identity_cast.c - plan, holders and fetchers of the story of identities, and what the
 * ledger has of the group key.
 */
#include "apps/client.h"
#include "apps/demo/identity.h"
#include "apps/demo/platforms.h"
#include "base/file/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FETCHERS = 2 };

const uint32_t identity_stopped[IDENTITY_STOPPED] = { 0, IDENTITY_OTHER, 3 };

static struct {
    struct services_process *holder[IDENTITY_PEERS];
    struct services_process *fetcher[FETCHERS]; /* that stay */
    size_t fetchers;
} cast;

/* ------------------------------------------------------------ plan, keys */

bool identity_plan(struct demo *demo, FILE *plan)
{
    uint8_t key[32];
    bool made = assay_random(key, sizeof key) == ASSAY_OK &&
                assay_file_replace(demo_below(demo, "store.key"), ASSAY_FILE_SECRET,
                                   assay_slice_over(key, sizeof key)) == ASSAY_OK;
    assay_secret_wipe(key, sizeof key);
    if (!made) (void)fprintf(stderr, "assay-demo: store.key cannot be written\n");
    (void)fprintf(plan,
                  "services:\n  identity: { trust_domain: demo.test, issuer: "
                  "\"https://id.demo.test\", validity: %d }\n",
                  IDENTITY_VALIDITY_S);
    return made;
}

/* ------------------------------------------------------------ holders */

static bool write_holder(struct demo *demo, uint32_t peer)
{
    FILE *out = fopen(demo_below(demo, "%s/signer.yaml", demo->peers[peer].name), "we");
    if (out == NULL) return false;
    (void)fprintf(out,
                  "service_version: 1\ndaemon: admin.svcs\nenclave: service.sock\n"
                  "checkpoint: ../checkpoint\nlisten: 127.0.0.1:%u\nstore: signer\n"
                  "key: ../store.key\n",
                  demo_free_port());
    return fclose(out) == 0;
}

bool identity_start_holder(struct demo *demo, uint32_t peer, bool lying)
{
    char program[sizeof demo->cast + 32], config[PATH_MAX + 64], option[] = "--config", name[32];
    if (!demo_make_checkpoint(demo) || !write_holder(demo, peer)) return false;
    (void)snprintf(name, sizeof name, "signer-%u", (unsigned)peer + 1);
    (void)snprintf(program, sizeof program, "%s/%s", lying ? demo->cast : demo->bin,
                   lying ? "assay-signer-lying" : "assay-signer");
    (void)snprintf(config, sizeof config, "%s",
                   demo_below(demo, "%s/signer.yaml", demo->peers[peer].name));
    char *argv[] = { program, option, config, NULL };
    cast.holder[peer] = services_program(demo, name, argv, false);
    return cast.holder[peer]->pid != 0;
}

bool identity_stop_holder(struct demo *demo, uint32_t peer)
{
    const bool orderly = services_stop(cast.holder[peer]);
    demo_report(demo, life_epoch(demo), demo->peers[peer].name, "holder stopped",
                "assay-signer, %s", orderly ? "on request" : "and not in order");
    return orderly;
}

bool identity_signs(struct demo *demo, uint32_t peer)
{
    char rest[SERVICES_LINE];
    (void)demo;
    return services_said(cast.holder[peer], "assay-signer: signs for generation", rest);
}

const char *identity_ca(struct demo *demo)
{
    return demo_below(demo, "%s/signer/ca-1.pem", demo_witness(demo)->name);
}

/* ------------------------------------------------------------ the ledger */

static void read_conviction(struct identity_authority *authority, const struct assay_json *list)
{
    const struct assay_json *const first = assay_json_at(list, 0);
    authority->has_conviction = assay_json_count(list) > 0;
    (void)snprintf(authority->convicted, sizeof authority->convicted, "%s",
                   assay_json_text(first, "node_id", ""));
    (void)snprintf(authority->reason, sizeof authority->reason, "%s",
                   assay_json_text(first, "reason", ""));
    authority->convicted_epoch = assay_json_uint(first, "epoch", 0);
}

bool identity_read(struct demo *demo, struct identity_authority *authority)
{
    struct assay_json *document = NULL;
    *authority = (struct identity_authority){ 0 };
    if (assay_client_request(demo_witness(demo)->admin, "authority", 1000, &document) != ASSAY_OK)
        return false;
    const struct assay_json *const data = assay_json_get(document, "data");
    (void)snprintf(authority->state, sizeof authority->state, "%s",
                   assay_json_text(data, "state", ""));
    authority->epoch = assay_json_uint(data, "epoch", 0);
    authority->generation = (unsigned)assay_json_uint(data, "generation", 0);
    authority->since = assay_json_uint(data, "since_epoch", 0);
    authority->threshold = (unsigned)assay_json_uint(data, "threshold", 0);
    authority->indices = (unsigned)assay_json_uint(data, "indices", 0);
    authority->holders = (unsigned)assay_json_count(assay_json_get(data, "holders"));
    read_conviction(authority, assay_json_get(data, "convicted"));
    assay_json_free(&document);
    return true;
}

/* ------------------------------------------------------------ fetchers */

struct services_process *identity_fetch(struct demo *demo, const char *name, uint32_t peer,
                                        bool stays)
{
    enum { WORDS = 20 };
    char program[PATH_MAX + 16], http[48], hook[3 * PATH_MAX], copies[WORDS][3 * PATH_MAX];
    (void)snprintf(program, sizeof program, "%s/assay", demo->bin);
    (void)snprintf(http, sizeof http, "127.0.0.1:%u", demo_witness(demo)->http_port);
    (void)snprintf(hook, sizeof hook, "[ ! -s '%s/nginx/pid' ] || kill -HUP $(cat '%s/nginx/pid')",
                   demo->dir, demo->dir);
    const char *const words[] = { "identity",
                                  "fetch",
                                  "--dir",
                                  demo_below(demo, "%s", name),
                                  "--key",
                                  name,
                                  "--enclave",
                                  demo_below(demo, "%s/service.sock", demo->peers[peer].name),
                                  "--ca",
                                  identity_ca(demo),
                                  "--checkpoint",
                                  demo_below(demo, "checkpoint"),
                                  "--http",
                                  http,
                                  "--accept-insecure",
                                  "--hook",
                                  hook,
                                  stays ? "--watch" : NULL,
                                  NULL };
    char *argv[WORDS + 2] = { program };
    for (size_t i = 0; words[i] != NULL; i++) {
        (void)snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[i + 1] = copies[i];
    }
    struct services_process *const p = services_program(demo, name, argv, !stays);
    if (stays && cast.fetchers < FETCHERS) cast.fetcher[cast.fetchers++] = p;
    demo_report(demo, life_epoch(demo), demo->peers[peer].name, "key", "%s: registered, %s", name,
                stays ? "and kept by assay identity fetch" : "by assay identity fetch");
    return p;
}

bool identity_is_fetched(struct demo *demo, const char *name)
{
    return access(demo_below(demo, "%s/current/cert.pem", name), R_OK) == 0;
}

void identity_end_fetchers(void)
{
    for (size_t i = 0; i < cast.fetchers; i++)
        (void)services_stop(cast.fetcher[i]); /* it ends by the signal */
}
