/*
 * tests/bindings/make_cases.c - evidence of five kinds, each of an authority made for it, and of a
 * processor with GPUs and a switch, as files for cases.py.
 *
 * usage: make_cases FOLDER. One folder a case: evidence, root (a public key), collateral/,
 * policy.yaml where it needs one, and `case` with the Unix time and the expected tier.
 */
#include "base/file/file.h"
#include "quote/source/soft/soft.h"
#include "tests/unit/quote/cose/cca_world.h"
#include "tests/unit/quote/intel/td_world.h"
#include "tests/unit/quote/nvidia/device_world.h"
#include "tests/unit/quote/snp/snp_world.h"
#include "tests/unit/tpm/simulated_tpm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[512];

static void require(bool holds, const char *what)
{
    if (holds) return;
    (void)fprintf(stderr, "make_cases: %s: %s\n", folder, what);
    exit(1);
}

static void open_folder(const char *parent, const char *name)
{
    char collateral[600];
    require(snprintf(folder, sizeof folder, "%s/%s", parent, name) < (int)sizeof folder, "name");
    (void)snprintf(collateral, sizeof collateral, "%s/collateral", folder);
    require(mkdir(folder, 0755) == 0 && mkdir(collateral, 0755) == 0, "could not be made");
}

static void write_file(const char *name, const void *bytes, size_t len)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    require(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, len)) == ASSAY_OK,
            name);
}

static void write_case(const void *evidence, size_t len, const struct assay_key *root,
                       int64_t at_unix_s, enum assay_tier tier)
{
    uint8_t spki[1024];
    char text[64];
    size_t spki_len = 0;
    write_file("evidence", evidence, len);
    require(assay_key_spki(root, spki, sizeof spki, &spki_len) == ASSAY_OK, "root");
    write_file("root", spki, spki_len);
    const int text_len =
        snprintf(text, sizeof text, "%lld %s\n", (long long)at_unix_s, assay_tier_text(tier));
    write_file("case", text, (size_t)text_len);
}

static void write_bundle(const struct assay_soft_bundle *bundle)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/collateral", folder);
    require(assay_soft_bundle_save(bundle, path) == ASSAY_OK, "collateral");
}

static void make_soft(void)
{
    static const char policy[] = "policy_version: 1\nprofile: development\n";
    struct world *const w = world_open();
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    require(world_judge(w) == ASSAY_OK, "appraisal");
    write_bundle(&w->bundle);
    write_file("policy.yaml", policy, sizeof policy - 1);
    write_case(w->quote, w->quote_len, &root, w->at_unix_s, w->verdict.tier);
    world_close(w);
}

static void write_td(const struct td_world *t, enum assay_tier tier)
{
    const struct assay_key root = assay_key_p256(t->world->ca.root_public);
    write_bundle(&t->world->bundle);
    write_case(t->quote, t->quote_len, &root, t->world->at_unix_s, tier);
}

static void make_td(void)
{
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX5, ASSAY_BODY_TD_15_EX);
    require(td_judge(t) == ASSAY_OK, "appraisal");
    write_td(t, t->world->verdict.tier);
    td_close(t);
}

/* A TD on a platform of another family: its collateral is missing, or, exact, another's. */
static void make_td_elsewhere(void)
{
    struct td_world *const t = td_open_as(ASSAY_KIND_TDX4, ASSAY_BODY_TD_10);
    struct assay_soft_platform platform = { .pcesvn = 5, .qe_isvsvn = 5 };
    memset(platform.components, 5, sizeof platform.components);
    t->world->ca.fmspc[0] ^= 1;
    td_move(t, &platform);
    write_td(t, ASSAY_TIER_NONE);
    td_close(t);
}

static void make_snp(void)
{
    struct snp_world *const w = snp_world_open(ASSAY_SNP_MILAN);
    struct assay_key root;
    w->has_crl = true;
    snp_world_run(w);
    authority_key_public(w->ark_key, &root);
    write_file("collateral/crl", w->crl_der, w->files.part[ASSAY_PART_CRL].len);
    write_case(w->package, w->package_len, &root, w->at_unix_s, w->verdict.tier);
    snp_world_close(w);
}

static void make_cca(void)
{
    struct cca_world *const w = cca_open();
    require(cca_judge(w) == ASSAY_OK, "appraisal");
    write_case(w->bytes, w->len, &w->cpak.public, 1800000000, w->verdict.tier);
    cca_close(w);
}

static void make_tpm(void)
{
    struct simtpm *const p = calloc(1, sizeof *p);
    struct assay_verdict *const verdict = calloc(1, sizeof *verdict);
    require(p != NULL && verdict != NULL, "memory");
    simtpm_make(p);
    simtpm_build(p);
    require(simtpm_verify(p, verdict) == ASSAY_OK, "appraisal");
    write_case(p->evidence, p->len, &p->endorsements.entries[0].root, SIMTPM_NOW, verdict->tier);
    simtpm_free(p);
    free(verdict);
    free(p);
}

static void write_device_policy(const struct device_world *w)
{
    char text[4096], keys[3][2 * ASSAY_KEY_BYTES_MAX + 1];
    assay_hex_encode(w->cpu->ca.root_public, 64, keys[0], sizeof keys[0]);
    for (size_t i = 0; i < GPU_ROOTS; i++)
        assay_hex_encode(w->gpu->c.roots[i].bytes, w->gpu->c.roots[i].len, keys[i + 1],
                         sizeof keys[0]);
    const int len =
        snprintf(text, sizeof text,
                 "policy_version: 1\nprofile: development\ngpu_count_max: 8\nswitch_count_max: 4\n"
                 "roots:\n  - { name: processors, key: %s, kinds: [soft] }\n"
                 "  - { name: devices, key: %s, kinds: [nvidia-gpu, nvidia-switch] }\n"
                 "  - { name: manifests, key: %s, kinds: [nvidia-gpu, nvidia-switch] }\n",
                 keys[0], keys[1], keys[2]);
    require(len > 0 && len < (int)sizeof text, "policy");
    write_file("policy.yaml", text, (size_t)len);
}

/* Two GPUs and a switch. */
static void make_devices(void)
{
    static const uint8_t challenge[ASSAY_REPORT_DATA_LEN] = { 0xc4, 0x11 };
    struct device_world *const w = device_world_open(challenge, 0);
    const struct assay_key root = assay_key_p256(w->cpu->ca.root_public);
    w->gpu->ocsp_from_s = GPU_AT - 3600;
    w->gpu->ocsp_to_s = GPU_AT + 3600;
    device_world_quote(w);
    device_world_judge(w);
    require(w->status == ASSAY_OK && w->verdict.device_count == DEVICES, "appraisal");
    write_bundle(&w->cpu->bundle);
    write_file("collateral/driver.xml", w->gpu->manifests[0].xml, w->gpu->manifests[0].len);
    write_file("collateral/vbios.xml", w->gpu->manifests[1].xml, w->gpu->manifests[1].len);
    write_file("collateral/switch.xml", w->switch_manifest.xml, w->switch_manifest.len);
    write_file("collateral/ocsp", w->gpu->ocsp, w->gpu->ocsp_len);
    write_device_policy(w);
    write_case(w->bytes, w->len, &root, GPU_AT, w->verdict.tier);
    device_world_close(w);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(void);
    } kinds[] = {
        { "soft", make_soft },      { "td15", make_td }, { "td-elsewhere", make_td_elsewhere },
        { "snp", make_snp },        { "cca", make_cca }, { "tpm", make_tpm },
        { "devices", make_devices }
    };
    if (argc != 2) return fprintf(stderr, "usage: make_cases FOLDER\n"), 2;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        open_folder(argv[1], kinds[i].name);
        kinds[i].make();
    }
    return 0;
}
