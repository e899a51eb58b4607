/* s3_xml.c - see s3_xml.h. */
#include "lib/store/s3_xml.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

#include "lib/base/buf.h"

enum { DEPTH = 16, TEXT_BYTES = 64 << 10 };

struct reader {
    XML_Parser parser;
    struct buf path, text;
    size_t starts[DEPTH]; /* where each element's name starts in path */
    int depth;
    s3_xml_fn *fn;
    void *ctx;
    struct err *err;
};

static void stop(struct reader *r, const char *why)
{
    (void)err_set(r->err, ERR_REMOTE, "the answer's XML, line %lu: %s",
                  (unsigned long)XML_GetCurrentLineNumber(r->parser), why);
    (void)XML_StopParser(r->parser, XML_FALSE);
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = ctx;
    const char *colon = strchr(name, ':');

    (void)attributes;
    if (r->depth == DEPTH) {
        stop(r, "it is nested too deeply");
        return;
    }
    r->starts[r->depth++] = r->path.size;
    buf_printf(&r->path, "%s%s", r->path.size ? "/" : "", colon ? colon + 1 : name);
    buf_clear(&r->text);
}

static void on_end(void *ctx, const XML_Char *name)
{
    struct reader *r = ctx;

    (void)name;
    if (r->err->code)
        return; /* expat may still report what it has read */
    if (!buf_ok(&r->path) || !buf_ok(&r->text))
        (void)err_set_nomem(r->err, "the answer's XML");
    else
        (void)r->fn(r->ctx, buf_text(&r->path), buf_text(&r->text), r->err);
    if (r->err->code) {
        (void)XML_StopParser(r->parser, XML_FALSE);
        return;
    }
    r->path.size = r->starts[--r->depth];
    r->path.data[r->path.size] = '\0';
    buf_clear(&r->text);
}

static void on_text(void *ctx, const XML_Char *text, int size)
{
    struct reader *r = ctx;

    if (r->text.size + (size_t)size > TEXT_BYTES)
        stop(r, "a text is too long");
    else
        buf_append(&r->text, text, (size_t)size);
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
                       const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(ctx, "it has a document type");
}

int s3_xml_read(const char *bytes, size_t size, s3_xml_fn *fn, void *ctx, struct err *err)
{
    struct reader r = {.fn = fn, .ctx = ctx, .err = err};

    if (size > INT_MAX)
        return err_set(err, ERR_REMOTE, "the answer's XML is too long");
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser)
        return err_set_nomem(err, "the answer's XML");
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    if (XML_Parse(r.parser, bytes, (int)size, XML_TRUE) != XML_STATUS_OK && err->code == 0)
        stop(&r, XML_ErrorString(XML_GetErrorCode(r.parser)));
    XML_ParserFree(r.parser);
    buf_done(&r.path);
    buf_done(&r.text);
    return err->code;
}
