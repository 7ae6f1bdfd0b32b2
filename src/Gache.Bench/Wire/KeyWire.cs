using System.Buffers.Text;
using Gache.Bench.Keys;
using Gache.Bench.Load;
using Gache.Store;

namespace Gache.Bench.Wire;

/// <summary>GET and POST of <c>/key/{key}</c> over HTTP/1.1, connections kept alive.</summary>
internal sealed class KeyWire(KeySpace keys, Verification verification, string? level) : IWire
{
    /// <summary>Room for the parts of a head that do not depend on key and host.</summary>
    private const int FixedBytes = 128;

    /// <summary>Longest name of a host: a name of DNS, and a port.</summary>
    private const int MaxHostBytes = 262;

    private readonly byte[] afterKeyOfGet = System.Text.Encoding.ASCII.GetBytes((level is null ? "" : $"?level={level}") + " HTTP/1.1\r\nHost: ");

    /// <inheritdoc/>
    public int MaxRequestBytes => FixedBytes + MaxHostBytes + keys.MaxKeyBytes + keys.MaxValueBytes;

    /// <inheritdoc/>
    public int Encode(Span<byte> into, in Ask ask, Endpoint to)
    {
        int length = Append(into, 0, ask.IsRead ? "GET /key/"u8 : "POST /key/"u8);
        length += keys.WriteKey(into[length..], ask.Key);
        length = Append(into, length, ask.IsRead ? afterKeyOfGet : " HTTP/1.1\r\nHost: "u8);
        length = Append(into, length, to.HostField);
        if (ask.IsRead) return Append(into, length, "\r\n\r\n"u8);

        length = Append(into, length, "\r\nContent-Length: "u8);
        Utf8Formatter.TryFormat(keys.ValueLength(ask.Key), into[length..], out int digits);
        length = Append(into, length + digits, "\r\n\r\n"u8);
        return length + keys.WriteValue(into[length..], ask.Key);
    }

    /// <inheritdoc/>
    public int SlotOf(int key)
    {
        Span<byte> text = stackalloc byte[keys.MaxKeyBytes];
        return Slot.Of(text[..keys.WriteKey(text, key)]);
    }

    /// <inheritdoc/>
    public IAnswerReader CreateReader() => new KeyAnswer(keys, verification);

    /// <summary>Writes bytes at a place, and says where they end.</summary>
    internal static int Append(Span<byte> into, int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(into[at..]);
        return at + bytes.Length;
    }
}
