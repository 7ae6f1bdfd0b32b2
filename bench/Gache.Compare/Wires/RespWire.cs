using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Gache.Bench.Keys;
using Gache.Bench.Load;
using Gache.Bench.Wire;
using static Gache.Bench.Wire.KeyWire;

namespace Gache.Compare.Wires;

/// <summary>SET and GET in Redis' protocol, one command at a time on a connection.</summary>
internal sealed class RespWire(KeySpace keys) : IWire
{
    private const int FixedBytes = 128;

    public int MaxRequestBytes => FixedBytes + keys.MaxKeyBytes + keys.MaxValueBytes;

    public int Encode(Span<byte> into, in Ask ask, Endpoint to)
    {
        Span<byte> key = stackalloc byte[keys.MaxKeyBytes];
        key = key[..keys.WriteKey(key, ask.Key)];
        int at = Append(into, 0, ask.IsRead ? "*2\r\n$3\r\nGET\r\n$"u8 : "*3\r\n$3\r\nSET\r\n$"u8);
        at = AppendNumber(into, at, key.Length);
        at = Append(into, at, key);
        if (ask.IsRead) return Append(into, at, "\r\n"u8);
        at = Append(into, at, "\r\n$"u8);
        at = AppendNumber(into, at, keys.ValueLength(ask.Key));
        at += keys.WriteValue(into[at..], ask.Key);
        return Append(into, at, "\r\n"u8);
    }

    public int SlotOf(int key) => 0; // asked without a cluster

    public IAnswerReader CreateReader() => new Answer(keys);

    private static int AppendNumber(Span<byte> into, int at, int number)
    {
        Utf8Formatter.TryFormat(number, into[at..], out int digits);
        return Append(into, at + digits, "\r\n"u8);
    }

    /// <summary>The whole answer is known beforehand; what differs from it in one byte is wrong.</summary>
    private sealed class Answer(KeySpace keys) : IAnswerReader
    {
        private const int MaxWords = 200;

        private readonly byte[] expected = new byte[FixedBytes + keys.MaxValueBytes];
        private readonly StringBuilder words = new();
        private int length;
        private int seen;
        private Ask ask;

        public Verdict Verdict => words.Length == 0 ? Verdict.Right : Verdict.Wrong;

        public string Reason => string.Create(CultureInfo.InvariantCulture, $"{(ask.IsRead ? "GET" : "SET")} of key {ask.Key}: {words}");

        public string? Owner => null;

        public bool IsLast => words.Length > 0;

        public void Begin(in Ask ask)
        {
            this.ask = ask;
            seen = 0;
            words.Clear();
            if (!ask.IsRead)
            {
                length = Append(expected, 0, "+OK\r\n"u8);
                return;
            }

            length = Append(expected, 0, "$"u8);
            length = AppendNumber(expected, length, keys.ValueLength(ask.Key));
            length += keys.WriteValue(expected.AsSpan(length), ask.Key);
            length = Append(expected, length, "\r\n"u8);
        }

        public bool Take(ReadOnlySpan<byte> piece)
        {
            if (piece.Length > length - seen || !piece.SequenceEqual(expected.AsSpan(seen, piece.Length)))
            {
                words.Append(Encoding.UTF8.GetString(piece[..Math.Min(piece.Length, MaxWords)])).Append(" where it should be otherwise");
                return true;
            }

            seen += piece.Length;
            return seen == length;
        }
    }
}
