/*
 * apps/demo/identity_clients.c - programs of others in the story of identities: nginx with
 * auth_request, curl, and openssl.
 */
#include "apps/demo/identity.h"
#include "apps/demo/platforms.h"

#include "base/file/file.h"
#include "base/system_clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 32, REPLY_MAX = 4096 };

static struct {
    char nginx[PATH_MAX], curl[PATH_MAX], openssl[PATH_MAX];
    unsigned tls_port, app_port;
    struct services_process *server;
} clients;

/* ------------------------------------------------------------ programs */

static bool find_program(const char *name, char path[static PATH_MAX])
{
    char folders[2048], *rest = NULL;
    const char *const searched = getenv("PATH");
    (void)snprintf(folders, sizeof folders, "%s:/usr/sbin:/usr/bin",
                   searched != NULL ? searched : "");
    for (char *folder = strtok_r(folders, ":", &rest); folder != NULL;
         folder = strtok_r(NULL, ":", &rest)) {
        (void)snprintf(path, PATH_MAX, "%s/%s", folder, name);
        if (folder[0] == '/' && access(path, X_OK) == 0) return true;
    }
    return false;
}

bool identity_ready(void)
{
    const bool has_all = find_program("nginx", clients.nginx) &&
                         find_program("curl", clients.curl) &&
                         find_program("openssl", clients.openssl);
    if (!has_all)
        (void)fprintf(stderr, "assay-demo: --story identity needs nginx, curl and openssl: apt-get "
                              "install nginx-light curl openssl\n");
    return has_all;
}

/* Runs a program to its end. Out: what it printed. Returns: its exit status, -1: none */
static int run_client(struct demo *demo, const char *program, const char *const words[],
                      char *printed, size_t capacity)
{
    char copies[WORDS][PATH_MAX + 256], *argv[WORDS + 2] = { copies[0] };
    char log[PATH_MAX + 64];
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)snprintf(copies[0], sizeof copies[0], "%s", program);
    for (int i = 0; words[i] != NULL && i < WORDS - 1; i++) {
        (void)snprintf(copies[i + 1], sizeof copies[i + 1], "%s", words[i]);
        argv[i + 1] = copies[i + 1];
    }
    (void)snprintf(log, sizeof log, "%s", demo_below(demo, "client.log"));
    (void)unlink(log);
    const int status = demo_run(demo, log, argv);
    printed[0] = '\0';
    if (assay_file_read(log, REPLY_MAX, &bytes, &len) == ASSAY_OK)
        (void)snprintf(printed, capacity, "%.*s", (int)len, (const char *)bytes);
    free(bytes);
    return status;
}

/* ------------------------------------------------------------ nginx */

/* Two nodes answer auth_request; the second one while the first does not. */
static void put_servers(struct demo *demo, FILE *out)
{
    const char *const dir = demo->dir;
    (void)fprintf(out,
                  "  upstream assay { server 127.0.0.1:%u; server 127.0.0.1:%u backup; }\n"
                  "  server {\n    listen 127.0.0.1:%u;\n"
                  "    location / { return 200 \"served to $http_assay_member\\n\"; }\n  }\n",
                  demo_witness(demo)->http_port, demo->peers[IDENTITY_OTHER].http_port,
                  clients.app_port);
    (void)fprintf(out,
                  "  server {\n    listen 127.0.0.1:%u ssl;\n"
                  "    ssl_certificate %s/api/current/cert.pem;\n"
                  "    ssl_certificate_key %s/api/current/key.pem;\n"
                  "    ssl_client_certificate %s/api/current/ca.pem;\n"
                  "    ssl_verify_client on;\n    ssl_session_tickets off;\n"
                  "    ssl_session_cache off;\n",
                  clients.tls_port, dir, dir, dir);
    (void)fprintf(out,
                  "    location / {\n      auth_request /_assay;\n"
                  "      auth_request_set $assay_member $upstream_http_assay_member;\n"
                  "      auth_request_set $assay_reason $upstream_http_assay_reason;\n"
                  "      add_header Assay-Reason $assay_reason always;\n"
                  "      proxy_set_header Assay-Member $assay_member;\n"
                  "      proxy_pass http://127.0.0.1:%u;\n    }\n"
                  "    location /by-certificate { proxy_pass http://127.0.0.1:%u; }\n",
                  clients.app_port, clients.app_port);
    (void)fputs("    location = /_assay {\n      internal;\n"
                "      proxy_pass http://assay/v1/authorize?class=normal;\n"
                "      proxy_pass_request_body off;\n      proxy_pass_request_headers off;\n"
                "      proxy_set_header Content-Length \"\";\n"
                "      proxy_set_header Host localhost;\n"
                "      proxy_set_header X-Assay-Certificate $ssl_client_escaped_cert;\n"
                "      proxy_next_upstream error timeout http_503;\n"
                "      proxy_connect_timeout 1s;\n      proxy_read_timeout 5s;\n"
                "    }\n  }\n",
                out);
}

static bool write_nginx(struct demo *demo)
{
    static const char *const temporary[] = { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" };
    if (mkdir(demo_below(demo, "nginx"), 0700) != 0 && errno != EEXIST) return false;
    FILE *const out = fopen(demo_below(demo, "nginx.conf"), "we");
    if (out == NULL) return false;
    (void)fprintf(out,
                  "daemon off;\n%spid %s/nginx/pid;\nerror_log %s/nginx/error.log;\n"
                  "worker_processes 1;\nevents {}\nhttp {\n  access_log off;\n",
                  geteuid() == 0 ? "user root;\n" : "", demo->dir, demo->dir);
    for (size_t i = 0; i < sizeof temporary / sizeof temporary[0]; i++)
        (void)fprintf(out, "  %s_temp_path %s/nginx;\n", temporary[i], demo->dir);
    put_servers(demo, out);
    (void)fputs("}\n", out);
    return fclose(out) == 0;
}

bool identity_start_nginx(struct demo *demo)
{
    char conf[PATH_MAX + 64], log[PATH_MAX + 64], dir[PATH_MAX];
    char prefix[] = "-p", config[] = "-c", errors[] = "-e";
    clients.tls_port = demo_free_port();
    clients.app_port = demo_free_port();
    if (clients.tls_port == 0 || clients.app_port == 0 || !write_nginx(demo)) return false;
    (void)snprintf(conf, sizeof conf, "%s", demo_below(demo, "nginx.conf"));
    (void)snprintf(log, sizeof log, "%s", demo_below(demo, "nginx/start.log"));
    (void)snprintf(dir, sizeof dir, "%s", demo->dir);
    char *argv[] = { clients.nginx, errors, log, prefix, dir, config, conf, NULL };
    clients.server = services_program(demo, "nginx", argv, false);
    return clients.server->pid != 0;
}

/* ------------------------------------------------------------ curl */

/* What curl printed: status of HTTP, and the header. */
static void take_reply(struct demo *demo, const char *printed, struct identity_reply *reply)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const char *const at = strchr(printed, '|');
    reply->status = (unsigned)strtoul(printed, NULL, 10);
    if (at != NULL) {
        (void)snprintf(reply->reason, sizeof reply->reason, "%s", at + 1);
        reply->reason[strcspn(reply->reason, "|\r\n")] = '\0';
    }
    if (assay_file_read(demo_below(demo, "reply"), REPLY_MAX, &bytes, &len) == ASSAY_OK)
        (void)snprintf(reply->body, sizeof reply->body, "%.*s", (int)len, (const char *)bytes);
    free(bytes);
}

static void request_url(struct demo *demo, const char *url, const char *const more[],
                        struct identity_reply *reply)
{
    const char *words[WORDS] = { "-s",
                                 "-m",
                                 "10",
                                 "--noproxy",
                                 "*",
                                 "-o",
                                 demo_below(demo, "reply"),
                                 "-w",
                                 "%{http_code}|%header{assay-reason}|\n",
                                 url };
    char printed[REPLY_MAX];
    size_t count = 10;
    for (size_t i = 0; more[i] != NULL && count < WORDS - 1; i++)
        words[count++] = more[i];
    *reply = (struct identity_reply){ 0 };
    (void)unlink(demo_below(demo, "reply"));
    reply->exit = run_client(demo, clients.curl, words, printed, sizeof printed);
    take_reply(demo, printed, reply);
}

/* The DNS name in the newest certificate of that key. */
static bool server_name(struct demo *demo, const char *key, char name[static 256])
{
    char printed[REPLY_MAX];
    const char *const words[] = { "x509",   "-in",  demo_below(demo, "%s/current/cert.pem", key),
                                  "-noout", "-ext", "subjectAltName",
                                  NULL };
    if (run_client(demo, clients.openssl, words, printed, sizeof printed) != 0) return false;
    const char *const at = strstr(printed, "DNS:");
    if (at == NULL) return false;
    (void)snprintf(name, 256, "%s", at + 4);
    name[strcspn(name, ", \n")] = '\0';
    return true;
}

void identity_get(struct demo *demo, const char *path, const char *server, const char *from,
                  struct identity_reply *reply)
{
    char name[256], url[512], resolve[512], ca[PATH_MAX + 64], cert[PATH_MAX + 64],
        key[PATH_MAX + 64];
    *reply = (struct identity_reply){ .exit = -1 };
    if (!server_name(demo, server, name)) return;
    (void)snprintf(url, sizeof url, "https://%s:%u%s", name, clients.tls_port, path);
    (void)snprintf(resolve, sizeof resolve, "%s:%u:127.0.0.1", name, clients.tls_port);
    (void)snprintf(ca, sizeof ca, "%s", demo_below(demo, "shop/current/ca.pem"));
    (void)snprintf(cert, sizeof cert, "%s",
                   demo_below(demo, "%s/cert.pem", from != NULL ? from : ""));
    (void)snprintf(key, sizeof key, "%s", demo_below(demo, "%s/key.pem", from != NULL ? from : ""));
    const char *const more[] = {
        "--resolve", resolve, "--cacert", ca,  from != NULL ? "--cert" : NULL,
        cert,        "--key", key,        NULL
    };
    request_url(demo, url, more, reply);
}

void identity_request(struct demo *demo, const char *path, struct identity_reply *reply)
{
    static const char *const nothing[] = { NULL };
    char url[512];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", demo_witness(demo)->http_port, path);
    request_url(demo, url, nothing, reply);
}

/* ------------------------------------------------------------ certificates */

bool identity_copy(struct demo *demo, const char *name, const char *to)
{
    char printed[REPLY_MAX], from[PATH_MAX + 64], target[PATH_MAX + 64];
    (void)snprintf(from, sizeof from, "%s", demo_below(demo, "%s/current/.", name));
    (void)snprintf(target, sizeof target, "%s", demo_below(demo, "%s", to));
    const char *const words[] = { "-rL", "--", from, target, NULL };
    return run_client(demo, "/bin/cp", words, printed, sizeof printed) == 0;
}

bool identity_make_stranger(struct demo *demo, const char *to)
{
    char printed[REPLY_MAX], key[PATH_MAX + 64], cert[PATH_MAX + 64];
    if (mkdir(demo_below(demo, "%s", to), 0700) != 0 && errno != EEXIST) return false;
    (void)snprintf(key, sizeof key, "%s", demo_below(demo, "%s/key.pem", to));
    (void)snprintf(cert, sizeof cert, "%s", demo_below(demo, "%s/cert.pem", to));
    const char *const words[] = {
        "req",          "-x509",   "-newkey", "ec",   "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes",       "-keyout", key,       "-out", cert,       "-subj",
        "/CN=stranger", "-days",   "2",       NULL
    };
    return run_client(demo, clients.openssl, words, printed, sizeof printed) == 0;
}

bool identity_verifies(struct demo *demo, const char *folder, long long at_s)
{
    char printed[REPLY_MAX], ca[PATH_MAX + 64], cert[PATH_MAX + 64], at[32];
    (void)snprintf(ca, sizeof ca, "%s", identity_ca(demo));
    (void)snprintf(cert, sizeof cert, "%s",
                   folder[0] == '\0' ? ca : demo_below(demo, "%s/cert.pem", folder));
    (void)snprintf(at, sizeof at, "%lld", at_s != 0 ? at_s : (long long)assay_unix_s());
    const char *const words[] = {
        "verify", "-x509_strict", "-attime", at, "-CAfile", ca, cert, NULL
    };
    return run_client(demo, clients.openssl, words, printed, sizeof printed) == 0;
}

/* "notAfter=2026-11-29 09:15:02Z". */
static bool read_date(const char *text, const char *name, long long *out)
{
    struct tm date = { 0 };
    const char *const at = strstr(text, name);
    if (at == NULL || strptime(at + strlen(name), "=%Y-%m-%d %H:%M:%SZ", &date) == NULL)
        return false;
    *out = (long long)timegm(&date);
    return true;
}

bool identity_dates(struct demo *demo, const char *folder, long long *from_s, long long *until_s)
{
    char printed[REPLY_MAX];
    const char *const words[] = { "x509",     "-in",        demo_below(demo, "%s/cert.pem", folder),
                                  "-noout",   "-startdate", "-enddate",
                                  "-dateopt", "iso_8601",   NULL };
    return run_client(demo, clients.openssl, words, printed, sizeof printed) == 0 &&
           read_date(printed, "notBefore", from_s) && read_date(printed, "notAfter", until_s);
}
