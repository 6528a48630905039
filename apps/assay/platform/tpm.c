/*
 * apps/assay/platform/tpm.c - command group `assay tpm`: attestation keys of TPMs, on the node.
 *
 * The steps on the node's side are here, those on the registrar's in tpm_registrar.c; `enroll` does
 * them all where both are on one machine.
 */
#include "apps/assay/platform/tpm.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"

#include "base/base64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAYS_MAX = 7300, PROGRAM_LEN_MAX = 64 << 20, MESSAGE_FILE_MAX = 16384 };

int tpm_complain(const char *what, enum assay_status status)
{
    (void)fprintf(stderr, "assay tpm: %s: %s\n", what, cli_file_fault(what, status));
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    if (status == ASSAY_E_DUPLICATE) return ASSAY_EXIT_CONFLICT;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_USAGE : ASSAY_EXIT_INTERNAL;
}

/* Error of a TPM or its library. */
static int complain_device(const char *message, enum assay_status status)
{
    if (message[0] == '\0') return tpm_complain("tpm", status);
    (void)fprintf(stderr, "assay %s\n", message);
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}

int tpm_say_file(const char *verb, const char *path, bool to_people)
{
    return cli_result_print(cli_result_json(verb, (const char *const[]){ path, NULL }),
                            to_people ? "{files.0}\n" : "");
}

int tpm_say_value(const char *verb, const char *path, const char *name, const char *value)
{
    if (!cli_json_mode_is_on()) {
        (void)printf("%s: \"%s\"\n", name, value);
        return ASSAY_EXIT_OK;
    }
    struct assay_json *const data = cli_result_json(verb, (const char *const[]){ path, NULL });
    assay_json_set_text(data, name, value);
    return cli_result_json_print(data);
}

enum assay_status tpm_join(char path[static PATH_MAX], const char *dir, const char *name)
{
    const int used = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return used > 0 && used < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

int tpm_write_pem(const char *verb, const char *path, const uint8_t *der, size_t len)
{
    char command[32];
    uint8_t pem[4096];
    size_t pem_len = 0;
    const enum assay_status status =
        assay_pem_put("CERTIFICATE", der, len, pem, sizeof pem, &pem_len);
    if (status != ASSAY_OK) return tpm_complain(path, status);
    (void)snprintf(command, sizeof command, "assay %s", verb);
    return cli_output_write(command, path, ASSAY_FILE_PUBLIC, assay_slice_over(pem, pem_len));
}

/* ------------------------------------------------------------ the node's side */

/* The first endorsement key with a certificate, and a new attestation key. */
static enum assay_status take_keys(struct assay_tpm_device *device, struct assay_tpm_ek *ek,
                                   uint8_t *ak, size_t *ak_len, char *message)
{
    enum assay_status status = ASSAY_E_NOT_FOUND;
    for (uint32_t slot = 0; slot < ASSAY_TPM_EK_SLOTS && status == ASSAY_E_NOT_FOUND; slot++)
        status = assay_tpm_device_ek(device, slot, ek, message);
    if (status == ASSAY_E_NOT_FOUND)
        assay_source_set_message(message, "tpm: this TPM has no endorsement certificate: it cannot "
                                          "be distinguished from a simulated one");
    if (status == ASSAY_OK) status = assay_tpm_device_ak(device, true, ak, ak_len, message);
    return status;
}

enum assay_status tpm_prepare(const struct tpm_options *o, uint8_t *bytes, size_t capacity,
                              size_t *len, char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct assay_tpm_device *device = NULL;
    struct assay_tpm_ek ek;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX];
    size_t ak_len = 0;
    struct assay_slice written;
    ASSAY_TRY(assay_tpm_device_open(o->tcti, &device, message));
    const enum assay_status status = take_keys(device, &ek, ak, &ak_len, message);
    assay_tpm_device_close(&device);
    if (status != ASSAY_OK) return status;
    const struct assay_tpm_request request = {
        .slot = ek.slot,
        .ek_public = assay_slice_over(ek.public_area, ek.public_len),
        .ek_certificate = assay_slice_over(ek.certificate, ek.certificate_len),
        .ak_public = assay_slice_over(ak, ak_len),
    };
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_tpm_request_encode(&request, &w);
    ASSAY_TRY(assay_writer_finish(&w, &written));
    *len = written.len;
    return ASSAY_OK;
}

enum assay_status tpm_answer(const struct tpm_options *o, uint32_t slot,
                             const struct assay_tpm_credential *credential, uint8_t *secret,
                             size_t *len, char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct assay_tpm_device *device = NULL;
    if (slot >= ASSAY_TPM_EK_SLOTS) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_tpm_device_open(o->tcti, &device, message));
    const enum assay_status status =
        assay_tpm_device_activate(device, slot, credential, secret, len, message);
    assay_tpm_device_close(&device);
    return status;
}

/* Runs a step that writes into this folder. A folder made for it is removed when the step fails. */
static int run_in_folder(const struct tpm_options *o, int (*run)(const struct tpm_options *o))
{
    const bool is_new = mkdir(o->words[0], 0700) == 0;
    if (!is_new && errno != EEXIST) return tpm_complain(o->words[0], ASSAY_E_IO);
    const int result = run(o);
    if (is_new && result != ASSAY_EXIT_OK) (void)rmdir(o->words[0]); /* one with files stays */
    return result;
}

static int prepare_in_folder(const struct tpm_options *o)
{
    char path[PATH_MAX], message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    uint8_t bytes[ASSAY_TPM_REQUEST_MAX];
    size_t len = 0;
    enum assay_status status = tpm_prepare(o, bytes, sizeof bytes, &len, message);
    if (status != ASSAY_OK) return complain_device(message, status);
    status = tpm_join(path, o->words[0], "request");
    if (status == ASSAY_OK)
        status = assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, len));
    return status == ASSAY_OK ? tpm_say_file("tpm prepare", path, true)
                              : tpm_complain(path, status);
}

static int run_prepare(const struct tpm_options *o)
{
    return run_in_folder(o, prepare_in_folder);
}

static int run_answer(const struct tpm_options *o)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    uint8_t secret[ASSAY_TPM_CREDENTIAL_MAX];
    struct assay_tpm_credential credential;
    uint8_t *bytes = NULL;
    size_t len = 0;
    uint32_t slot = 0;
    enum assay_status status = assay_file_read(o->words[0], MESSAGE_FILE_MAX, &bytes, &len);
    if (status == ASSAY_OK) status = assay_tpm_challenge_decode(bytes, len, &slot, &credential);
    free(bytes);
    if (status != ASSAY_OK) return tpm_complain(o->words[0], status);
    status = tpm_answer(o, slot, &credential, secret, &len, message);
    if (status != ASSAY_OK) return complain_device(message, status);
    const int written =
        cli_output_write("assay tpm", o->out, ASSAY_FILE_SECRET, assay_slice_over(secret, len));
    assay_secret_wipe(secret, sizeof secret);
    return written == ASSAY_EXIT_OK ? tpm_say_file("tpm answer", o->out, false) : written;
}

/* ------------------------------------------------------------ evidence */

static int read_measurement(const struct tpm_options *o, uint8_t measurement[32])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if ((o->measurement == NULL) == (o->program == NULL))
        return cli_misuse("it wants one of --measurement and --program");
    if (o->measurement != NULL) {
        if (assay_hex_decode(o->measurement, strlen(o->measurement), measurement, 32) != ASSAY_OK)
            return cli_misuse("--measurement wants 64 hexadecimal digits");
        return ASSAY_EXIT_OK;
    }
    const enum assay_status status = assay_file_read(o->program, PROGRAM_LEN_MAX, &bytes, &len);
    if (status != ASSAY_OK) return tpm_complain(o->program, status);
    assay_sha256(bytes, len, measurement);
    free(bytes);
    return ASSAY_EXIT_OK;
}

static int run_measure(const struct tpm_options *o)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "", text[65];
    uint8_t measurement[32], value[32];
    struct assay_tpm_device *device = NULL;
    const int misuse = o->word_count != 0 ? cli_misuse("measure wants no words")
                                          : read_measurement(o, measurement);
    if (misuse != ASSAY_EXIT_OK) return misuse;
    enum assay_status status = assay_tpm_device_open(o->tcti, &device, message);
    if (status == ASSAY_OK)
        status = assay_tpm_device_measure(device, ASSAY_TPM_PCR_MEASURED, measurement, message);
    assay_tpm_device_close(&device);
    if (status != ASSAY_OK) return complain_device(message, status);
    assay_tpm_pcr_of(measurement, value);
    assay_hex_encode(value, sizeof value, text, sizeof text);
    return tpm_say_value("tpm measure", NULL, "pcr23", text);
}

static int run_quote(const struct tpm_options *o)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    uint8_t report_data[64];
    struct assay_tpm_source *source = NULL;
    struct assay_slice evidence;
    if (assay_hex_decode(o->report_data, strlen(o->report_data), report_data, 64) != ASSAY_OK)
        return cli_misuse("--report-data wants 128 hexadecimal digits");
    const struct assay_tpm_source_config config = { .tcti = o->tcti, .state_dir = o->words[0] };
    enum assay_status status = assay_tpm_source_open(&config, &source, message);
    if (status == ASSAY_OK)
        status = assay_tpm_source_quote(source, report_data, &evidence, message);
    int result = status == ASSAY_OK ? ASSAY_EXIT_OK : complain_device(message, status);
    if (status == ASSAY_OK) {
        result = cli_output_write("assay tpm", o->out, ASSAY_FILE_PUBLIC, evidence);
        if (result == ASSAY_EXIT_OK) result = tpm_say_file("tpm quote", o->out, false);
    }
    assay_tpm_source_close(&source);
    return result;
}

/* ------------------------------------------------------------ enroll: everything at once */

static int enroll_in_folder(const struct tpm_options *o)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "", path[PATH_MAX];
    uint8_t bytes[ASSAY_TPM_REQUEST_MAX], secret[ASSAY_TPM_CREDENTIAL_MAX];
    struct assay_tpm_request request;
    struct assay_tpm_challenge challenge;
    size_t len = 0;
    enum assay_status status = tpm_join(path, o->words[0], "ak.pem");
    if (status != ASSAY_OK) return tpm_complain(o->words[0], status);
    status = tpm_prepare(o, bytes, sizeof bytes, &len, message);
    if (status == ASSAY_OK) status = assay_tpm_request_decode(bytes, len, &request);
    if (status != ASSAY_OK) return complain_device(message, status);
    int result = tpm_challenge(o, &request, &challenge);
    if (result != ASSAY_EXIT_OK) return result;
    status = tpm_answer(o, request.slot, &challenge.credential, secret, &len, message);
    result = status == ASSAY_OK
                 ? tpm_issue(o, "tpm enroll", &challenge, assay_slice_over(secret, len), path)
                 : complain_device(message, status);
    assay_secret_wipe(secret, sizeof secret);
    assay_secret_wipe(&challenge, sizeof challenge);
    return result;
}

static int run_enroll(const struct tpm_options *o)
{
    return run_in_folder(o, enroll_in_folder);
}

int cli_command_tpm(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const struct tpm_options *o);
    } steps[] = {
        { "registrar", tpm_run_registrar },
        { "enroll", run_enroll },
        { "prepare", run_prepare },
        { "challenge", tpm_run_challenge },
        { "answer", run_answer },
        { "issue", tpm_run_issue },
        { "crl", tpm_run_crl },
        { "measure", run_measure },
        { "quote", run_quote },
    };
    struct tpm_options o = { .tcti = "device:/dev/tpmrm0" };
    const struct cli_option_target targets[] = {
        { "name", .text = &o.name },
        { "days", .number = &o.days, .low = 1, .high = DAYS_MAX },
        { "registrar", .text = &o.registrar },
        { "tpm-vendors", .text = &o.vendors },
        { "tcti", .text = &o.tcti },
        { "out", .text = &o.out },
        { "measurement", .text = &o.measurement },
        { "program", .text = &o.program },
        { "report-data", .text = &o.report_data },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    o.words = argv + 2;
    while (o.words[o.word_count] != NULL)
        o.word_count++;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(argv[1], steps[i].name) == 0) return steps[i].run(&o);
    ASSAY_UNREACHABLE("the table names these steps");
}
