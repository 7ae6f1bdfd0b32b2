using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>A command being made: the value is read from the socket straight into its place.</summary>
internal readonly record struct WriteCommand(byte[] Bytes, Memory<byte> Value)
{
    /// <summary>Makes a command with room for a value of <paramref name="valueLength"/> bytes.</summary>
    public static WriteCommand Begin(CommandKind kind, KeyPath key, int valueLength)
    {
        byte[] bytes = Command.Begin(kind, key.Length, valueLength, out Memory<byte> keyPlace, out Memory<byte> value);
        key.CopyTo(keyPlace.Span);
        return new WriteCommand(bytes, value);
    }

    /// <summary>As above, for a key that had to be kept while the body was read.</summary>
    public static WriteCommand Begin(CommandKind kind, ReadOnlySpan<byte> key, int valueLength)
    {
        byte[] bytes = Command.Begin(kind, key.Length, valueLength, out Memory<byte> keyPlace, out Memory<byte> value);
        key.CopyTo(keyPlace.Span);
        return new WriteCommand(bytes, value);
    }
}
