namespace Gache.Replication;

/// <summary>The requests that wait for one key, in order of arrival.</summary>
internal sealed class WaitingKey(byte[] key, int slot)
{
    public byte[] Key => key;

    public int Slot => slot;

    public LinkedList<WaitingRequest> Requests { get; } = new();

    /// <summary>How many of them are proposed and not yet applied.</summary>
    public int Trying { get; set; }

    /// <summary>The key changed, or something else may have let one of them in: they are to be looked at.</summary>
    public bool IsToSee { get; set; }
}
