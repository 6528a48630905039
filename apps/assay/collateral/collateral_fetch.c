/*
 * apps/assay/collateral/collateral_fetch.c - `assay collateral fetch`: download of a vendor's
 * collateral into a folder.
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/collateral_dir.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/config.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "quote/amd/snp.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/source/fetch/kds.h"
#include "quote/source/fetch/pcs.h"
#include "quote/verify.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_LEN_MAX = 1 << 20 };

/* One run. */
struct fetch {
    const struct assay_collateral_options *options;
    struct assay_fetch_config config;
    struct assay_key root;
    bool has_root;
    int64_t at_unix_s;
    uint64_t deadline_ms;
    struct assay_json *parts; /* of the answer */
    char message[ASSAY_FETCH_MESSAGE_LEN];
};

#define COMPLAIN(e, ...) cli_print_error((e)->options->json, ASSAY_EXIT_USAGE, "usage", __VA_ARGS__)

/* ------------------------------------------------------------ ends */

static int report_failure(const struct fetch *e, enum assay_status status)
{
    int exit = ASSAY_EXIT_INTERNAL;
    const char *code = "internal";
    if (status == ASSAY_E_NOT_FOUND) {
        exit = ASSAY_EXIT_NOT_FOUND;
        code = "not_found";
    } else if (status == ASSAY_E_TIMEOUT) {
        exit = ASSAY_EXIT_TIMEOUT;
        code = "timeout";
    } else if (status == ASSAY_E_STALE) {
        exit = ASSAY_EXIT_NONE;
        code = "stale";
    } else if (assay_status_class(status) == ASSAY_CLASS_INPUT) {
        exit = ASSAY_EXIT_MALFORMED;
        code = "malformed";
    }
    return cli_print_error(e->options->json, exit, code, "%s (%s)",
                           e->message[0] != '\0' ? e->message : assay_status_text(status),
                           assay_status_symbol(status));
}

static int finish_fetch(struct fetch *e)
{
    if (e->message[0] != '\0') (void)fprintf(stderr, "warning: %s\n", e->message);
    if (!e->options->json) return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "folder", e->options->directory);
    assay_json_set(data, "parts", e->parts);
    assay_json_set_text(data, "warning", e->message[0] != '\0' ? e->message : NULL);
    e->parts = NULL;
    return cli_print_envelope("assay.collateral.fetch", data);
}

/* ------------------------------------------------------------ writing */

static int make_folder(const struct fetch *e)
{
    struct stat info;
    const char *const dir = e->options->directory;
    if (mkdir(dir, 0755) == 0) return ASSAY_EXIT_OK;
    if (errno == EEXIST && stat(dir, &info) == 0 && S_ISDIR(info.st_mode)) return ASSAY_EXIT_OK;
    return COMPLAIN(e, "--out %s: %s", dir, strerror(errno));
}

static void append_document(struct fetch *e, const char *name, const struct assay_fetched *fetched,
                            size_t len)
{
    char from[ASSAY_RFC3339_LEN + 1], to[ASSAY_RFC3339_LEN + 1] = "for ever";
    const bool has_end = fetched->window.to_unix_s < ASSAY_FETCH_FOR_EVER - 1;
    assay_rfc3339_format(fetched->window.from_unix_s, from);
    if (has_end) assay_rfc3339_format(fetched->window.to_unix_s, to);
    if (!e->options->json) {
        (void)printf("%-22s %7zu bytes  %s  until %s\n", name, len,
                     fetched->from_cache ? "cache " : "server", to);
        return;
    }
    struct assay_json *const part = assay_json_object();
    assay_json_set_text(part, "name", name);
    assay_json_set_uint(part, "bytes", len);
    assay_json_set_bool(part, "from_cache", fetched->from_cache);
    assay_json_set_text(part, "valid_from", from);
    assay_json_set_text(part, "valid_until", has_end ? to : NULL);
    assay_json_append(e->parts, part);
}

static int write_part(struct fetch *e, const char *name, struct assay_slice content,
                      const struct assay_fetched *fetched)
{
    char path[PATH_MAX];
    const int n = snprintf(path, sizeof path, "%s/%s", e->options->directory, name);
    if (n < 0 || (size_t)n >= sizeof path) return COMPLAIN(e, "--out: the path is too long");
    const int written =
        cli_output_write("assay collateral fetch", path, ASSAY_FILE_PUBLIC, content);
    if (written != ASSAY_EXIT_OK) return written;
    append_document(e, name, fetched, content.len);
    return ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ Intel */

static int fetch_intel(struct fetch *e, struct assay_pcs_request *request)
{
    struct assay_pcs_bundle bundle = { 0 };
    request->early = e->options->early;
    request->base_url = e->options->pccs;
    request->root = e->has_root ? &e->root : NULL;
    request->at_unix_s = e->at_unix_s;
    request->deadline_ms = e->deadline_ms;
    request->refresh = e->options->refresh;
    const enum assay_status status = assay_pcs_fetch(&e->config, request, &bundle, e->message);
    if (status != ASSAY_OK) return report_failure(e, status);
    int result = make_folder(e);
    for (size_t i = 0; i < ASSAY_PARTS && result == ASSAY_EXIT_OK; i++) {
        const struct assay_slice content = bundle.files.part[i];
        const struct assay_fetched *from = NULL;
        for (size_t k = 0; k < ASSAY_PCS_DOCUMENTS; k++)
            if (bundle.documents[k].content.body.bytes == content.bytes ||
                bundle.documents[k].content.extra.bytes == content.bytes)
                from = &bundle.documents[k];
        if (content.len == 0 || from == NULL) continue;
        result =
            write_part(e, assay_collateral_part_name((enum assay_collateral_part)i), content, from);
    }
    assay_pcs_bundle_free(&bundle);
    return result == ASSAY_EXIT_OK ? finish_fetch(e) : result;
}

static int fetch_by_name(struct fetch *e)
{
    const struct assay_collateral_options *const o = e->options;
    struct assay_pcs_request request = { 0 };
    if (assay_hex_decode(o->fmspc, strlen(o->fmspc), request.fmspc, sizeof request.fmspc) !=
        ASSAY_OK)
        return COMPLAIN(e, "--fmspc: \"%s\": expected 12 hexadecimal digits", o->fmspc);
    if (!assay_pcs_ca_parse(o->ca, &request.ca))
        return COMPLAIN(e, "--ca: \"%s\": expected processor or platform", o->ca);
    if (strcmp(o->tee, "tdx") == 0) request.tee = ASSAY_TEE_TDX;
    else if (strcmp(o->tee, "sgx") != 0)
        return COMPLAIN(e, "--tee: \"%s\": expected sgx or tdx", o->tee);
    return fetch_intel(e, &request);
}

static int fetch_for_quote(struct fetch *e, enum assay_evidence_kind kind,
                           struct assay_slice evidence)
{
    struct assay_collateral_wanted *const wanted = malloc(sizeof *wanted);
    struct assay_pcs_request request = { 0 };
    if (wanted == NULL) return report_failure(e, ASSAY_E_MEMORY);
    const enum assay_status status =
        assay_collateral_wanted(kind, evidence.bytes, evidence.len, e->at_unix_s, wanted);
    const bool has_chain = status == ASSAY_OK && wanted->has_chain;
    request.tee = wanted->tee;
    assay_bytes_copy(request.fmspc, sizeof request.fmspc, wanted->fmspc, sizeof wanted->fmspc);
    /* Intel's two issuers of PCK certificates, by their names: Processor CA and Platform CA. */
    if (has_chain && strstr(wanted->ca.subject_name, "Platform") != NULL)
        request.ca = ASSAY_PCS_CA_PLATFORM;
    free(wanted);
    if (status != ASSAY_OK) return report_failure(e, status);
    if (!has_chain)
        return cli_print_error(e->options->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s has no PCK certificate chain with its FMSPC: give "
                               "--fmspc, --ca and --tee",
                               e->options->file);
    return fetch_intel(e, &request);
}

/* ------------------------------------------------------------ AMD */

static enum assay_snp_product product_of(const struct fetch *e,
                                         const struct assay_snp_report *report)
{
    static const struct {
        const char *text;
        enum assay_snp_product product;
    } products[] = { { "milan", ASSAY_SNP_MILAN },
                     { "genoa", ASSAY_SNP_GENOA },
                     { "turin", ASSAY_SNP_TURIN } };
    if (e->options->product == NULL) return assay_snp_report_product(report);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
        if (strcmp(e->options->product, products[i].text) == 0) return products[i].product;
    return ASSAY_SNP_PRODUCT_UNKNOWN;
}

static bool request_of(const struct fetch *e, const struct assay_snp_report *report,
                       struct assay_kds_request *request)
{
    const enum assay_snp_product product = product_of(e, report);
    const struct assay_snp_tcb tcb = assay_snp_tcb(product, report->reported_tcb);
    *request = (struct assay_kds_request){
        .product = product == ASSAY_SNP_TURIN   ? ASSAY_KDS_TURIN
                   : product == ASSAY_SNP_GENOA ? ASSAY_KDS_GENOA
                                                : ASSAY_KDS_MILAN,
        .is_vlek = assay_snp_signing_key(report) == ASSAY_SNP_KEY_VLEK,
        .base_url = e->options->kds,
        .root = e->has_root ? &e->root : NULL,
        .bootloader = tcb.bootloader,
        .tee = tcb.tee,
        .snp = tcb.snp,
        .microcode = tcb.microcode,
        .fmc = tcb.fmc,
        .at_unix_s = e->at_unix_s,
        .deadline_ms = e->deadline_ms,
        .refresh = e->options->refresh,
    };
    assay_bytes_copy(request->chip_id, sizeof request->chip_id, report->chip_id,
                     sizeof report->chip_id);
    return product == ASSAY_SNP_MILAN || product == ASSAY_SNP_GENOA || product == ASSAY_SNP_TURIN;
}

/* Everything is fetched before anything is written. */
static int fetch_amd(struct fetch *e, const struct assay_kds_request *request)
{
    static const char *const names[] = { "vek.der", "certificates.pem", "crl.der" };
    struct assay_fetched fetched[3] = { 0 };
    char warning[ASSAY_FETCH_MESSAGE_LEN] = "";
    enum assay_status status = ASSAY_OK;
    /* A VLEK is leased: only the host has it and passes it to the guest. */
    const int first = request->is_vlek ? ASSAY_KDS_CHAIN : ASSAY_KDS_VCEK;
    for (int i = first; i <= ASSAY_KDS_CRL && status == ASSAY_OK; i++) {
        status =
            assay_kds_fetch(&e->config, request, (enum assay_kds_thing)i, &fetched[i], e->message);
        if (status == ASSAY_OK && warning[0] == '\0')
            (void)snprintf(warning, sizeof warning, "%s", e->message);
    }
    int result = status == ASSAY_OK ? make_folder(e) : report_failure(e, status);
    for (int i = first; i <= ASSAY_KDS_CRL && result == ASSAY_EXIT_OK; i++)
        result = write_part(e, names[i], fetched[i].content.body, &fetched[i]);
    for (int i = first; i <= ASSAY_KDS_CRL; i++)
        assay_fetched_free(&fetched[i]);
    if (result != ASSAY_EXIT_OK) return result;
    (void)snprintf(e->message, sizeof e->message, "%s", warning);
    return finish_fetch(e);
}

static int fetch_for_report(struct fetch *e, struct assay_slice evidence)
{
    struct assay_package package;
    struct assay_kds_request request;
    struct assay_snp_report *const report = malloc(sizeof *report);
    if (report == NULL) return report_failure(e, ASSAY_E_MEMORY);
    enum assay_status status =
        assay_package_read(ASSAY_KIND_SNP, evidence.bytes, evidence.len, &package);
    if (status == ASSAY_OK) status = assay_snp_parse(package.main.bytes, package.main.len, report);
    const bool is_known = status == ASSAY_OK && request_of(e, report, &request);
    free(report);
    if (status != ASSAY_OK) return report_failure(e, status);
    if (!is_known)
        return COMPLAIN(
            e,
            "the report has no product, or an unknown one: give --product milan, genoa or turin");
    return fetch_amd(e, &request);
}

/* ------------------------------------------------------------ what was asked for */

static int fetch_for_file(struct fetch *e)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    const char *const file = e->options->file;
    enum assay_status status = assay_file_read(file, FILE_LEN_MAX, &bytes, &len);
    if (status != ASSAY_OK) return cli_print_file_fault(e->options->json, "--for ", file, status);
    status = assay_evidence_detect(bytes, len, &kind);
    if (status == ASSAY_OK) status = assay_evidence_length(kind, bytes, len, &len);
    int result = ASSAY_EXIT_OK;
    struct assay_kind row = { .publisher = ASSAY_PUBLISHED_BY_NOBODY };
    if (status == ASSAY_OK) status = assay_kind_find(kind, &row);
    switch (row.publisher) {
    case ASSAY_PUBLISHED_BY_INTEL:
        result = fetch_for_quote(e, kind, assay_slice_over(bytes, len));
        break;
    case ASSAY_PUBLISHED_BY_AMD: result = fetch_for_report(e, assay_slice_over(bytes, len)); break;
    case ASSAY_PUBLISHED_BY_NOBODY:
        result = cli_print_error(
            e->options->json, ASSAY_EXIT_MALFORMED, "unsupported",
            "%s: expected an SGX or TDX quote or an SEV-SNP report; no service has collateral for "
            "%s%s",
            file, kind == ASSAY_KIND_NONE ? "what it is" : assay_kind_text(kind),
            status == ASSAY_OK ? "" : " (it cannot be read)");
        break;
    }
    free(bytes);
    return result;
}

/* Offline it only names what is in the cache. The rest of the rules for URLs is in
 * quote/source/fetch. */
static int check_url(const struct fetch *e, const char *option, const char *url)
{
    if (url == NULL || e->options->offline || assay_config_url_is_https(url)) return ASSAY_EXIT_OK;
    return COMPLAIN(e, "%s: \"%.200s\": expected https:// and a host, without a user name", option,
                    url);
}

int cli_collateral_fetch(const struct assay_collateral_options *options)
{
    struct fetch e = { .options = options,
                       .at_unix_s = options->at_unix_s,
                       .config = { .cache_dir = options->cache,
                                   .ca_file = options->ca_file,
                                   .offline = options->offline } };
    e.config.seed = assay_monotonic_us(); /* of the jitter alone */
    e.deadline_ms = assay_monotonic_ms() + options->timeout_s * 1000;
    int result = cli_collateral_root(options, &e.root, &e.has_root);
    if (result == ASSAY_EXIT_OK) result = check_url(&e, "--pccs", options->pccs);
    if (result == ASSAY_EXIT_OK) result = check_url(&e, "--kds", options->kds);
    if (result != ASSAY_EXIT_OK) return result;
    e.parts = assay_json_array();
    result = options->file != NULL ? fetch_for_file(&e) : fetch_by_name(&e);
    assay_json_free(&e.parts);
    return result;
}
