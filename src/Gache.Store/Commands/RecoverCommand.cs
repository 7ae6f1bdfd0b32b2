using Gache.Primitives;

namespace Gache.Store;

/// <summary>
/// A shard goes on with what one member has, after its majority was lost for good: what others may have been told is unknown, so the revision
/// counter is raised far above whatever was given, and every slot served is owned anew at a raised epoch.
/// </summary>
public static class RecoverCommand
{
    /// <summary>By how much revisions are raised: more than a lost tail can have given.</summary>
    public const ulong RevisionsRaised = 1ul << 32;

    /// <summary>By how much the epochs of the slots served are raised.</summary>
    public const ulong EpochsRaised = 1ul << 16;

    /// <summary>Encodes the command.</summary>
    public static byte[] Encode()
    {
        var writer = new ByteWriter();
        Command.WriteHead(writer, CommandKind.Recover);
        return writer.Written.ToArray();
    }
}
