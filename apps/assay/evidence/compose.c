/*
 * apps/assay/evidence/compose.c - `assay evidence compose`: evidence of a processor and the devices
 * of its machine, step by step (compose.h).
 *
 * Each step prints what the next one needs: the challenge gives the nonce of the devices, their
 * reports the report data of the processor, its quote the evidence. Devices are packed as members
 * pack theirs (apps/enclave/device_reports.h), or plain on request.
 */
#include "apps/assay/evidence/compose.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/json_mode.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_package.h"
#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/kinds.h"
#include "quote/nvidia/spdm.h"
#include "quote/tpm_format.h"
#include "quote/verify.h"
#include "quote/verify/device_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *challenge, *collateral, *devices_out, *quote, *pieces, *out;
    const char *devices[ASSAY_DEVICES_MAX];
    size_t device_count;
    bool plain;
};

/* An LZ4 block of bytes that do not repeat is longer than they are: by 1 in 255, and some. */
enum { PACKED_LEN_MAX = ASSAY_DEVICES_LEN_MAX + ASSAY_DEVICES_LEN_MAX / 255 + 16 };

/* A device as it was read, and what of the folder belongs to it. */
struct device {
    const char *path;
    uint8_t *file;
    struct assay_evidence_package pieces;
};

struct composing {
    bool json;
    struct options options;
    struct assay_input_files *given;
    struct device devices[ASSAY_DEVICES_MAX];
    struct assay_device_set set;
    uint8_t encoded[ASSAY_DEVICES_LEN_MAX];
    struct assay_slice devices_bytes; /* the set; empty without devices */
    struct assay_lz4_table table;
    uint8_t block[PACKED_LEN_MAX];
    struct assay_slice packed; /* the set as it travels packed */
    uint8_t report_data[ASSAY_REPORT_DATA_LEN];
    uint8_t *quote;
    struct assay_input_files *around; /* the quote's folder */
    struct assay_evidence_package processor;
    uint8_t evidence[ASSAY_COMPOSITE_LEN_MAX];
    struct assay_slice whole; /* empty without a quote */
};

#define COMPLAIN(c, ...) cli_print_error((c)->json, ASSAY_EXIT_USAGE, "usage", __VA_ARGS__)

static void close_folder(struct assay_input_files **files)
{
    if (*files != NULL) cli_input_files_close(*files);
    free(*files);
    *files = NULL;
}

static void close_all(struct composing *c)
{
    for (size_t i = 0; i < ASSAY_DEVICES_MAX; i++) {
        cli_evidence_package_close(&c->devices[i].pieces);
        free(c->devices[i].file);
    }
    cli_evidence_package_close(&c->processor);
    close_folder(&c->given);
    close_folder(&c->around);
    free(c->quote);
    free(c);
}

/* --- what was given */
static int read_challenge(struct composing *c)
{
    const char *const text = c->options.challenge;
    const size_t len = strlen(text) / 2;
    if (len >= 1 && len <= ASSAY_REPORT_DATA_LEN &&
        assay_hex_decode(text, strlen(text), c->set.challenge, len) == ASSAY_OK)
        return ASSAY_EXIT_OK;
    return COMPLAIN(c, "--report-data: expected 1 to 64 bytes in hexadecimal, found \"%.40s\"%s",
                    text, strlen(text) > 40 ? " and more" : "");
}

enum { FILE_LEN_MAX = 2 * ASSAY_COMPOSITE_LEN_MAX }; /* as hexadecimal text */

/* One piece of evidence of a file. Out: *file of malloc, *kind, *evidence without a zero tail */
static int read_evidence(const struct composing *c, const char *path, uint8_t **file,
                         enum assay_evidence_kind *kind, struct assay_slice *evidence)
{
    size_t len = 0, declared = 0;
    enum assay_status status = assay_file_read(path, FILE_LEN_MAX, file, &len);
    if (status != ASSAY_OK) return cli_print_file_fault(c->json, "", path, status);
    if (cli_evidence_decode(file, &len) != ASSAY_OK)
        return cli_print_error(c->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    status = assay_evidence_detect(*file, len, kind);
    if (status == ASSAY_OK) status = assay_evidence_length(*kind, *file, len, &declared);
    if (status != ASSAY_OK)
        return cli_print_error(c->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: %s (%s); evidence is expected", path, assay_status_text(status),
                               assay_status_symbol(status));
    *evidence = assay_slice_over(*file, declared);
    return ASSAY_EXIT_OK;
}

/* Without a folder: no files. */
static int read_folder(const struct composing *c, const char *option, const char *dir,
                       struct assay_input_files **files)
{
    const char *where = NULL;
    *files = calloc(1, sizeof **files);
    if (*files == NULL)
        return cli_print_error(c->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (dir == NULL) return ASSAY_EXIT_OK;
    enum assay_status status = cli_input_files_read(dir, *files, &where);
    if (status == ASSAY_OK) status = cli_evidence_package_find_leads(*files);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_folder_fault(c->json, option, dir, where, status);
}

/* --- devices */
static int read_device(struct composing *c, struct device *d)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    struct assay_slice evidence = { NULL, 0 };
    const int result = read_evidence(c, d->path, &d->file, &kind, &evidence);
    if (result != ASSAY_EXIT_OK) return result;
    if ((ASSAY_KINDS_NVIDIA & ASSAY_KIND_BIT(kind)) == 0)
        return COMPLAIN(c, "--device %s: is of kind %s, expected the report of a GPU or switch",
                        d->path, assay_kind_text(kind));
    enum assay_status status = cli_evidence_package_take(c->given, kind, evidence, &d->pieces);
    struct assay_package *const p = &d->pieces.package;
    /* A package is as it was, and taken apart here. */
    if (status == ASSAY_OK)
        status = assay_package_read(kind, d->pieces.evidence.bytes, d->pieces.evidence.len, p);
    if (status != ASSAY_OK)
        return cli_print_error(c->json, ASSAY_EXIT_MALFORMED, "malformed", "--device %s: %s (%s)",
                               d->path, assay_status_text(status), assay_status_symbol(status));
    if (p->certificate_count > 0) return ASSAY_EXIT_OK;
    return COMPLAIN(c,
                    "--device %s: no certificates of it are in --collateral; its chain has to "
                    "come along",
                    d->path);
}

static int add_device(struct composing *c, const struct device *d)
{
    const enum assay_status status = assay_device_set_add(&c->set, &d->pieces.package);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_FULL)
        return COMPLAIN(c, "--device %s: expected at most %d GPUs and %d switches", d->path,
                        (int)ASSAY_GPUS_MAX, (int)ASSAY_SWITCHES_MAX);
    return COMPLAIN(c, "--device %s: %s (%s)", d->path, assay_status_text(status),
                    assay_status_symbol(status));
}

/* A chain begins with the certificate whose key signed the report. */
static bool is_signed_by_chain(const struct assay_package *p,
                               const struct assay_spdm_report *report)
{
    struct assay_certificate first;
    uint8_t digest[ASSAY_SHA384_LEN];
    assay_sha384(report->signed_part.bytes, report->signed_part.len, digest);
    return assay_x509_certificate(p->certificates[0].bytes, p->certificates[0].len, &first) ==
               ASSAY_OK &&
           assay_chain_signed(&first.key, digest, &report->signature) == ASSAY_OK;
}

static void print_note(const struct device *d, const char *what, const char *more)
{
    (void)fprintf(stderr, "assay: note: --device %s: %s%s\n", d->path, what, more);
}

/* What `verify` will refuse whatever the policy is. The step goes on: the verdict is not its own.
 */
static void note_device(const struct composing *c, size_t index)
{
    const struct device *const d = &c->devices[index];
    const struct assay_package *const p = &d->pieces.package;
    struct assay_spdm_report report;
    uint8_t nonce[ASSAY_DEVICE_NONCE_LEN];
    char text[2 * ASSAY_DEVICE_NONCE_LEN + 1];
    assay_device_nonce(c->set.challenge, nonce);
    assay_hex_encode(nonce, sizeof nonce, text, sizeof text);
    if (assay_spdm_parse(p->main.bytes, p->main.len, &report) != ASSAY_OK) {
        print_note(d, "cannot be read as a report", "");
        return;
    }
    if (!assay_bytes_equal(report.nonce, nonce, sizeof nonce))
        print_note(d, "answers another nonce, expected ", text);
    if (!is_signed_by_chain(p, &report)) {
        print_note(d, "is not signed by a certificate of --collateral: a chain of another device?",
                   "");
        return;
    }
    for (size_t i = 0; i < index; i++)
        if (assay_slice_equal(c->devices[i].pieces.package.certificates[0], p->certificates[0]))
            print_note(d, "is of the same device as ", c->devices[i].path);
}

/* The set, plain and packed: the processor commits to the plain bytes, however they travel. */
static int encode_devices(struct composing *c)
{
    size_t reports = 0, certificates = 0;
    for (size_t i = 0; i < c->set.count; i++)
        reports += c->set.devices[i].report.len;
    for (size_t i = 0; i < c->set.certificate_count; i++)
        certificates += c->set.certificates[i].len;
    struct assay_writer w = assay_writer_over(c->encoded, sizeof c->encoded);
    assay_device_set_encode(&c->set, &w);
    if (assay_writer_finish(&w, &c->devices_bytes) != ASSAY_OK)
        return COMPLAIN(c,
                        "--device: %zu reports take %zu bytes, and %zu certificates of them %zu; "
                        "expected at most %d bytes together: give fewer devices",
                        c->set.count, reports, c->set.certificate_count, certificates,
                        (int)ASSAY_DEVICES_LEN_MAX);
    w = assay_writer_over(c->block, sizeof c->block);
    assay_device_set_pack(c->devices_bytes, &c->table, &w);
    const enum assay_status status = assay_writer_finish(&w, &c->packed);
    ASSAY_ASSERT(status == ASSAY_OK);
    return ASSAY_EXIT_OK;
}

/* GPUs, then switches; within a kind as on the command line. */
static int take_devices(struct composing *c)
{
    static const enum assay_evidence_kind kinds[] = { ASSAY_KIND_NVIDIA_GPU,
                                                      ASSAY_KIND_NVIDIA_SWITCH };
    int result = read_folder(c, "--collateral ", c->options.collateral, &c->given);
    for (size_t i = 0; i < c->options.device_count && result == ASSAY_EXIT_OK; i++) {
        c->devices[i].path = c->options.devices[i];
        result = read_device(c, &c->devices[i]);
        if (result == ASSAY_EXIT_OK) note_device(c, i);
    }
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < c->options.device_count && result == ASSAY_EXIT_OK; i++)
            if (c->devices[i].pieces.package.kind == kinds[k])
                result = add_device(c, &c->devices[i]);
    if (result == ASSAY_EXIT_OK) result = encode_devices(c);
    if (result != ASSAY_EXIT_OK) return result;
    assay_device_report_data(c->set.challenge, c->devices_bytes, c->report_data);
    if (c->options.devices_out == NULL) return ASSAY_EXIT_OK;
    return cli_output_write("assay evidence compose", c->options.devices_out, ASSAY_FILE_PUBLIC,
                            c->devices_bytes);
}

/* --- the processor */
/* The evidence as a package, with its pieces of the folder. One that is a package has its own. */
static int read_processor(struct composing *c, struct assay_package *package)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    struct assay_slice evidence = { NULL, 0 };
    const char *const path = c->options.quote;
    int result = read_evidence(c, path, &c->quote, &kind, &evidence);
    if (result == ASSAY_EXIT_OK)
        result = read_folder(c, "--pieces ", c->options.pieces, &c->around);
    if (result != ASSAY_EXIT_OK) return result;
    enum assay_status status = cli_evidence_package_take(c->around, kind, evidence, &c->processor);
    if (status == ASSAY_OK)
        status = assay_package_read(kind, c->processor.evidence.bytes, c->processor.evidence.len,
                                    package);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(c->json, ASSAY_EXIT_MALFORMED, "malformed", "--quote %s: %s (%s)", path,
                           assay_status_text(status), assay_status_symbol(status));
}

/* docs/protocol.md 3.14: a TPM signs the SHA-256 of report data, which has to come along. */
static int add_report_data(const struct composing *c, struct assay_package *package)
{
    struct assay_kind row;
    struct assay_tpm_quote quote;
    uint8_t digest[ASSAY_SHA256_LEN];
    char text[2 * ASSAY_SHA256_LEN + 1];
    if (assay_kind_find(package->kind, &row) != ASSAY_OK ||
        (row.pieces & ASSAY_PIECE_REPORT_DATA) == 0)
        return ASSAY_EXIT_OK;
    assay_sha256(c->report_data, sizeof c->report_data, digest);
    if (assay_tpm_quote_parse(package->main.bytes, package->main.len, &quote) != ASSAY_OK)
        return COMPLAIN(c, "--quote %s: expected the TPM's quote in --pieces, found none",
                        c->options.quote);
    assay_hex_encode(digest, sizeof digest, text, sizeof text);
    if (!assay_slice_equal(quote.extra_data, assay_slice_over(digest, sizeof digest)))
        return COMPLAIN(c,
                        "--quote %s: quotes other qualifying data; expected %s, the SHA-256 of "
                        "the report data",
                        c->options.quote, text);
    package->report_data = assay_slice_over(c->report_data, sizeof c->report_data);
    return ASSAY_EXIT_OK;
}

/* quote/package.h: 32 KB, in which packed devices are contained, and plain ones are not. */
static int write_evidence(struct composing *c, struct assay_package *package)
{
    struct assay_writer w = assay_writer_over(c->evidence, sizeof c->evidence);
    const bool plain = c->options.plain;
    const size_t devices = plain ? c->devices_bytes.len : c->packed.len;
    assay_package_encode(package, &w);
    if (assay_writer_finish(&w, &c->whole) == ASSAY_OK &&
        assay_package_read(package->kind, c->whole.bytes, c->whole.len, package) == ASSAY_OK)
        return cli_output_write("assay evidence compose", c->options.out, ASSAY_FILE_PUBLIC,
                                c->whole);
    return COMPLAIN(
        c,
        "--quote %s: %zu devices take %zu bytes%s, the processor's evidence %zu; "
        "expected at most %d bytes %s%s",
        c->options.quote, c->set.count, devices, plain ? "" : " packed", c->processor.evidence.len,
        (int)ASSAY_EVIDENCE_LEN_MAX, plain ? "of the processor" : "together",
        plain ? "" : ": give fewer devices, or --plain for a verifier outside of a network");
}

static int take_quote(struct composing *c)
{
    struct assay_package package = { .kind = ASSAY_KIND_NONE };
    const char *const path = c->options.quote;
    int result = read_processor(c, &package);
    if (result == ASSAY_EXIT_OK) result = add_report_data(c, &package);
    if (result != ASSAY_EXIT_OK) return result;
    if (package.devices.len > 0 || package.packed.len > 0)
        return COMPLAIN(c, "--quote %s: has devices already, expected evidence without", path);
    if (c->options.plain) package.devices = c->devices_bytes;
    else package.packed = c->packed;
    if (!assay_package_fits(&package))
        return COMPLAIN(c, "--quote %s: evidence of kind %s takes no devices", path,
                        assay_kind_text(package.kind));
    return write_evidence(c, &package);
}

static int print_result(const struct composing *c)
{
    static const char view[] = "nonce of the devices  {nonce}\n"
                               "[?report_data report data to quote  {report_data}\n]"
                               "[?qualifying_data qualifying data of a TPM  {qualifying_data}\n]"
                               "[?device_bytes size of the devices  {device_bytes} bytes, "
                               "packed {device_bytes_packed}\n]"
                               "[?out evidence  {out}\n]"
                               "[?evidence_bytes size of the evidence  {evidence_bytes} bytes; a "
                               "network carries {network_bytes_max}\n]";
    struct assay_json *const data = assay_json_object();
    uint8_t nonce[ASSAY_DEVICE_NONCE_LEN], digest[ASSAY_SHA256_LEN];
    assay_device_nonce(c->set.challenge, nonce);
    assay_json_set_hex(data, "challenge", c->set.challenge, sizeof c->set.challenge);
    assay_json_set_hex(data, "nonce", nonce, sizeof nonce);
    if (c->devices_bytes.len > 0) {
        assay_sha256(c->report_data, sizeof c->report_data, digest);
        assay_json_set_hex(data, "report_data", c->report_data, sizeof c->report_data);
        assay_json_set_hex(data, "qualifying_data", digest, sizeof digest);
        assay_json_set_uint(data, "device_bytes", c->devices_bytes.len);
        assay_json_set_uint(data, "device_bytes_packed", c->packed.len);
    } else {
        assay_json_set_null(data, "report_data");
        assay_json_set_null(data, "qualifying_data");
        assay_json_set_null(data, "device_bytes");
        assay_json_set_null(data, "device_bytes_packed");
    }
    assay_json_set_text(data, "out", c->whole.len > 0 ? c->options.out : NULL);
    if (c->whole.len > 0) assay_json_set_uint(data, "evidence_bytes", c->whole.len);
    else assay_json_set_null(data, "evidence_bytes");
    assay_json_set_uint(data, "network_bytes_max", ASSAY_EVIDENCE_LEN_MAX);
    return cli_view_result(c->json, "assay.evidence.compose", data, view);
}

static int check_options(const struct composing *c)
{
    const struct options *const o = &c->options;
    if (o->device_count == 0 &&
        (o->quote != NULL || o->collateral != NULL || o->devices_out != NULL))
        return COMPLAIN(c, "--quote, --collateral and --devices-out: expected --device with them, "
                           "found none");
    if ((o->pieces != NULL || o->plain) && o->quote == NULL)
        return COMPLAIN(c, "%s: expected --quote with it, found none",
                        o->plain ? "--plain" : "--pieces");
    if ((o->quote == NULL) != (o->out == NULL))
        return COMPLAIN(c, "expected --quote and --out together, found one of them");
    return ASSAY_EXIT_OK;
}

int cli_evidence_compose(int argc, char **argv)
{
    struct composing *const c = calloc(1, sizeof *c);
    if (c == NULL) return cli_print_error(false, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    struct options *const o = &c->options;
    const struct cli_option_target targets[] = {
        { "report-data", .text = &o->challenge },
        { "device", .text = o->devices, .count = &o->device_count, .most = ASSAY_DEVICES_MAX },
        { "collateral", .text = &o->collateral },
        { "devices-out", .text = &o->devices_out },
        { "quote", .text = &o->quote },
        { "pieces", .text = &o->pieces },
        { "plain", .flag = &o->plain },
        { "out", .text = &o->out },
        { .name = NULL },
    };
    int result = cli_options_read(argc, argv, targets);
    if (result >= 0) {
        close_all(c);
        return result;
    }
    c->json = cli_json_mode_is_on();
    result = check_options(c);
    if (result == ASSAY_EXIT_OK) result = read_challenge(c);
    if (result == ASSAY_EXIT_OK && o->device_count > 0) result = take_devices(c);
    if (result == ASSAY_EXIT_OK && o->quote != NULL) result = take_quote(c);
    if (result == ASSAY_EXIT_OK) result = print_result(c);
    close_all(c);
    return result;
}
