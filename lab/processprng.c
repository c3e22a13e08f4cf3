/* Go's runtime asks bcryptprimitives.dll for this one function, and wine 8 has
   no such library. lab/windows builds it. */
#include <windows.h>
#include <ntsecapi.h>

BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
  for (SIZE_T done = 0; done < length;) {
    ULONG part = length - done > 0x10000000 ? 0x10000000 : (ULONG)(length - done);
    if (!RtlGenRandom(data + done, part)) return FALSE;
    done += part;
  }
  return TRUE;
}
