/*
 * apps/demo/tpm.c - software TPMs as the platforms of the demo: one a peer, four vendors in turn,
 * each with a registrar that certifies attestation keys after activation (docs/protocol.md
 * 3.17). Keys, certificates and samples are made by the commands that an operator would type.
 */
#include "apps/demo/platforms.h"

#include "quote/tpm/tpm.h"
#include "quote/x509.h"

#include "base/file/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PEM_MAX = 8192 };

static bool report_error(const char *what, const char *why)
{
    (void)fprintf(stderr, "assay-demo: %s: %s\n", what, why);
    return false;
}

/* ------------------------------------------------------------ one platform */

/* Its TPM gets an attestation key; the first measured image is the good one. */
static bool enroll_peer(struct demo *demo, const struct demo_peer *peer, unsigned root)
{
    char state[PATH_MAX], registrar[PATH_MAX], vendors[PATH_MAX], good[65], zeros[129];
    (void)snprintf(state, sizeof state, "%s", demo_below(demo, "%s/tpm", peer->name));
    (void)snprintf(registrar, sizeof registrar, "%s", demo_below(demo, "vendor-%u", root + 1));
    (void)snprintf(vendors, sizeof vendors, "%s", demo_below(demo, "maker-%u", root + 1));
    assay_hex_encode(demo->good_measurement, 32, good, sizeof good);
    (void)snprintf(zeros, sizeof zeros, "%0128d", 0);
    const char *tcti = peer->tpm.tcti;
    const char *const certify[] = { "tpm",           "enroll", state,    "--registrar", registrar,
                                    "--tpm-vendors", vendors,  "--tcti", tcti,          NULL };
    const char *const measure[] = { "tpm", "measure", "--measurement", good, "--tcti", tcti, NULL };
    const char *const quote[] = { "tpm",
                                  "quote",
                                  state,
                                  "--report-data",
                                  zeros,
                                  "--out",
                                  demo_below(demo, "%s/sample.quote", peer->name),
                                  "--tcti",
                                  tcti,
                                  NULL };
    return demo_run_assay(demo, certify) && demo_run_assay(demo, measure) &&
           demo_run_assay(demo, quote);
}

static bool make_platform(struct demo *demo, struct demo_peer *peer)
{
    char maker[PATH_MAX], dir[PATH_MAX];
    const unsigned root = peer->index % DEMO_ROOTS;
    (void)snprintf(maker, sizeof maker, "%s", demo_below(demo, "maker-%u", root + 1));
    (void)snprintf(dir, sizeof dir, "%s", demo_below(demo, "%s/tpm", peer->name));
    if (!swtpm_make(maker, dir, &peer->tpm))
        return report_error(dir, "swtpm_setup failed, see setup.log");
    if (!swtpm_start(&peer->tpm)) return report_error(dir, "swtpm does not start, see swtpm.log");
    return enroll_peer(demo, peer, root);
}

/* ------------------------------------------------------------ registrars and policy */

static bool make_registrar(struct demo *demo, unsigned root)
{
    char name[32];
    (void)snprintf(name, sizeof name, "Registrar %u", root + 1);
    const char *const words[] = { "tpm",    "registrar", demo_below(demo, "vendor-%u", root + 1),
                                  "--name", name,        NULL };
    return demo_run_assay(demo, words);
}

static bool put_root(struct demo *demo, unsigned root, FILE *out)
{
    const char *const path = demo_below(demo, "vendor-%u/root_ca.pem", root + 1);
    char text[2 * ASSAY_P256_PUBLIC_LEN + 1];
    struct assay_key key;
    uint8_t *pem = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(path, PEM_MAX, &pem, &len);
    if (status == ASSAY_OK) status = assay_x509_root(pem, len, &key);
    free(pem);
    if (status != ASSAY_OK || key.type != ASSAY_KEY_P256)
        return report_error(path, assay_status_text(status));
    assay_hex_encode(key.bytes, key.len, text, sizeof text);
    (void)fprintf(out, "  - name: registrar-%u\n    key: \"%s\"\n    kinds: [tpm2]\n", root + 1,
                  text);
    return true;
}

/* What is accepted: only the good enclave, by PCR 23. */
static bool write_policy(struct demo *demo)
{
    uint8_t value[32];
    char text[65];
    FILE *const out = fopen(demo_below(demo, "policy.yaml"), "we");
    if (out == NULL) return report_error("policy.yaml", "cannot be written");
    (void)fprintf(out, "policy_version: 1\nprofile: development\nkinds: [tpm2]\nroots:\n");
    bool ok = true;
    for (unsigned root = 0; ok && root < DEMO_ROOTS; root++)
        ok = put_root(demo, root, out);
    assay_tpm_pcr_of(demo->good_measurement, value);
    assay_hex_encode(value, sizeof value, text, sizeof text);
    (void)fprintf(out, "references:\n  - field: pcr23\n    state: allowed\n    value: \"%s\"\n",
                  text);
    return fclose(out) == 0 && ok;
}

bool demo_tpm_platforms_make(struct demo *demo)
{
    if (!swtpm_installed())
        return report_error("--evidence tpm", "swtpm is not installed (Debian: swtpm swtpm-tools)");
    for (unsigned root = 0; root < DEMO_ROOTS; root++)
        if (!make_registrar(demo, root)) return false;
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (!make_platform(demo, &demo->peers[i])) return false;
    return write_policy(demo);
}

void demo_tpm_platforms_stop(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        swtpm_stop(&demo->peers[i].tpm);
}
