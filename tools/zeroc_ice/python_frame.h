/* Lets zeroc-ice 3.6.5 compile with CPython 3.11 and 3.12.
 *
 * It reads the running frame as PyThreadState_GET()->frame, a member that CPython 3.11 removed. The public function
 * PyEval_GetFrame() gives the same frame, so the macro is made to yield an object that has such a member.
 */
#ifndef OMERO_WEB_PYTHON_FRAME_H
#define OMERO_WEB_PYTHON_FRAME_H

#ifdef __cplusplus
#include <Python.h>
#include <frameobject.h>

struct CurrentFrame
{
    PyFrameObject* frame;
};

static inline CurrentFrame* currentFrame()
{
    static thread_local CurrentFrame current;
    current.frame = PyEval_GetFrame();
    return &current;
}

#undef PyThreadState_GET
#define PyThreadState_GET() currentFrame()
#endif

#endif
